"""Traffic: speeds of routes, timed journeys, jams of segments, road accidents, incidents and their removal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from random import Random
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE, moment
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "traffic"
PROBES: Final = "probes-1"
POLICE: Final = "road-police-1"
DISPATCH: Final = "dispatch-1"
REGISTER: Final = "signal-register"
_EVERY: Final = 30 * MINUTE
_LONGEST_LIFE: Final = 5 * HOUR
_PEAK: Final = (8, 9, 17, 18, 19)
_KINDS: Final = {"accident": 35, "breakdown": 38, "obstacle": 12, "traffic_light": 10, "other": 5}
_JOURNEY_M: Final = {Category.REPUBLICAN: 12_000, Category.REGIONAL: 9_000, Category.DISTRICT: 3_500}


class _Roads(NamedTuple):
    free_mm_s: float
    """Speed of free traffic."""
    peak: float
    """Share of it that remains in peak hours …"""
    jammed: float
    """… and how probable a jam is then, in half an hour of a segment."""
    accidents: float
    """A year, for 10,000 vehicles."""
    removal: float
    """Median minutes from detection to removal."""
    lights: int
    automated: float
    score: float


_ROADS: Final = {
    Category.REPUBLICAN: _Roads(11_500, 0.58, 0.5, 7.5, 9.0, 760, 0.91, 7.1),
    Category.REGIONAL: _Roads(12_000, 0.52, 0.38, 8.5, 19.0, 210, 0.66, 7.6),
    Category.DISTRICT: _Roads(11_800, 0.8, 0.06, 17.0, 24.0, 5, 0.45, 7.4),
}


def count(city: City) -> int:
    """Routes with a detector, and segments with a camera."""
    return 1 + round(3 * city.volume)


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda number: _detected(seed, city, number), life=_EVERY, slot=_EVERY),
            slotted(begin, end, lambda slot: _journeys(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _accidents(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _incidents(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _detected(seed: int, city: City, number: int) -> Iterator[Fact]:
    """Half an hour of every route and segment."""
    rng = rhythm.generator(seed, city.code, "detectors", number)
    begin = number * _EVERY
    peak, roads = _is_peak(city, begin), _ROADS[city.category]
    for one in range(1, count(city) + 1):
        place: dict[str, Any] = {"district": city.districts[one % len(city.districts)]} if city.districts else {}
        at = begin + one * 1000
        speed = {
            **place,
            "route": f"route-{one}",
            "speed_mm_s": _speed(rng, city, begin),
            "peak": peak,
            "measured_at": at,
        }
        yield Fact(at, f"s{seed}-speed-{one}-{number}", _detector(one), "traffic.speed-measured", speed, NAME)
        jammed = rng.random() < (roads.jammed if peak else roads.jammed / 6) * _weekday(city, begin)
        ended = begin + _EVERY
        seen = {**place, "segment": f"segment-{one}", "jammed": jammed, "begun_at": begin, "ended_at": ended}
        yield Fact(ended, f"s{seed}-segment-{one}-{number}", _camera(one), "traffic.segment-observed", seen, NAME)


def _journeys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "journey", slot, 60 * city.volume):
        length = around(case.rng, _JOURNEY_M[city.category], 0.3)
        arrived = case.begun + min(length * 1_000_000 // _speed(case.rng, city, case.begun), _LONGEST_LIFE)
        data = {"route": f"route-{case.rng.randrange(1, 30)}", "length_m": length}
        data |= {"departed_at": case.begun, "arrived_at": arrived}
        yield Fact(arrived, case.code, PROBES, "traffic.route-travelled", data, NAME)


def _accidents(seed: int, city: City, slot: int) -> Iterator[Fact]:
    a_day = city.vehicles / 10_000 * _ROADS[city.category].accidents / 365
    for case in begun(seed, city, "road-accident", slot, a_day, night=0.2):
        at = case.begun + min(around(case.rng, 50 * MINUTE), 4 * HOUR)
        data = {**placed(case.rng, city), "accident": case.code, "injured": case.rng.choice((0, 1, 1, 2))}
        data |= {"killed": int(case.rng.random() < 0.03), "occurred_at": case.begun}
        yield Fact(at, case.code, POLICE, "traffic.road-accident-registered", data, NAME)


def _incidents(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "incident", slot, 1 + 18 * city.volume, night=0.1):
        data = {**placed(case.rng, city), "incident": case.code, "kind": pick(case.rng, _KINDS)}
        quality = rhythm.quality(seed, city, NAME, case.begun, data)
        took = around(case.rng, _ROADS[city.category].removal * MINUTE * _winter(case.begun) / quality, 0.5)
        cleared = case.begun + min(took, 4 * HOUR)
        data |= {"detected_at": case.begun, "cleared_at": cleared}
        yield Fact(cleared, f"{case.code}-cleared", DISPATCH, "traffic.incident-cleared", data, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _ROADS[city.category].score)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    roads = _ROADS[city.category]
    automated = grown(roads.automated * roads.lights, 0.08, day, at_most=roads.lights)
    totals = {"traffic_lights": roads.lights, "traffic_lights_automated": automated}
    return stated(seed, NAME, REGISTER, day, totals)


def _speed(rng: Random, city: City, ms: int) -> int:
    """Millimetres a second."""
    roads = _ROADS[city.category]
    slowed = roads.peak if _is_peak(city, ms) else 1 - (1 - roads.peak) / 4
    return max(500, round(rng.gauss(roads.free_mm_s * slowed / _winter(ms), 900)))


def _winter(ms: int) -> float:
    return 1.15 if moment(ms).month in (11, 12, 1, 2, 3) else 1.0


def _weekday(city: City, ms: int) -> float:
    return 0.4 if _local(city, ms).weekday() >= 5 else 1.0


def _is_peak(city: City, ms: int) -> bool:
    local = _local(city, ms)
    return local.hour in _PEAK and local.weekday() < 5


def _local(city: City, ms: int) -> datetime:
    return moment(ms).astimezone(ZoneInfo(city.timezone))


def _detector(one: int) -> str:
    return f"detector-{one}"


def _camera(one: int) -> str:
    return f"camera-{one}"


def _devices(city: City) -> tuple[str, ...]:
    numbers = range(1, count(city) + 1)
    return (*map(_detector, numbers), *map(_camera, numbers), PROBES, POLICE, DISPATCH, REGISTER, surveys.DEVICE)


SYSTEM = System(NAME, devices=_devices, facts=_facts)
