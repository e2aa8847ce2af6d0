"""Public transport: trips on schedule, late or cancelled, stops served, fares, accidents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE, THREE_YEARS_DAYS, moment
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "public-transport"
DISPATCH: Final = "dispatch-1"
FARES: Final = "fares-1"
_COMPLETED: Final = "public-transport.trip-completed"
_LONGEST_TRIP: Final = 3 * HOUR
_LONGEST_INTERVAL: Final = 2 * HOUR
_REASONS: Final = {"vehicle": 45, "driver": 30, "road": 12, "weather": 8, "other": 5}
_SAMPLED: Final = 13
"""Of so many slots one is remembered: trips of every hour, some five a day."""
_NEW_YEAR: Final = 20_454
"""1 January 2026 as a day's number since 1970."""
_STOPS: Final = 3
"""Stops of a trip that report."""
_RUSH: Final = {7: 1.15, 8: 1.3, 9: 1.15, 17: 1.2, 18: 1.3, 19: 1.15}


class _Network(NamedTuple):
    trip: float
    """Median minutes from end to end in 2026 …"""
    faster: float
    """… and by what share they get faster every year."""
    interval: float
    """Median minutes between two vehicles of a route."""
    on_schedule: float
    passengers: float
    """Median of a vehicle's shift."""
    cashless: float
    integrations: int
    score: float


_NETWORKS: Final = {
    Category.REPUBLICAN: _Network(54, 0.045, 8.5, 0.955, 1150, 0.93, 3, 8.1),
    Category.REGIONAL: _Network(46, 0.034, 12.4, 0.885, 650, 0.77, 2, 7.4),
    Category.DISTRICT: _Network(24, 0.0, 23, 0.87, 330, 0.35, 1, 7.2),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _trips(seed, city, slot), life=_LONGEST_TRIP),
            slotted(begin, end, lambda slot: _shifts(seed, city, slot), life=9 * HOUR),
            slotted(begin, end, lambda slot: _accidents(seed, city, slot), life=0),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _recalled(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    """Some of the trips of years that are past."""
    return slotted(begin, end, lambda slot: _sampled(seed, city, slot), life=_LONGEST_TRIP)


def _sampled(seed: int, city: City, slot: int) -> Iterator[Fact]:
    if slot % _SAMPLED == 0:
        yield from (fact for fact in _trips(seed, city, slot) if fact.kind == _COMPLETED)


def _trips(seed: int, city: City, slot: int) -> Iterator[Fact]:
    network = _NETWORKS[city.category]
    for case in begun(seed, city, "trip", slot, 60 * city.volume):
        rng = case.rng
        common = {"route": _route(case, city), "trip": case.code}
        if rng.random() < 0.02:
            data = {**common, "planned_at": case.begun, "reason": pick(rng, _REASONS)}
            yield Fact(case.begun, f"{case.code}-cancelled", DISPATCH, "public-transport.trip-cancelled", data, NAME)
            continue
        rush = _RUSH.get(moment(case.begun).astimezone(ZoneInfo(city.timezone)).hour, 1.0)
        long = rush * (1 - network.faster * (case.begun // DAY - _NEW_YEAR) / 365) * network.trip * MINUTE
        ended = case.begun + min(around(rng, long, 0.2), _LONGEST_TRIP)
        data = {**common, **placed(rng, city), "vehicle": _vehicle(case, city), "started_at": case.begun}
        quality = rhythm.quality(seed, city, NAME, case.begun, data)
        data |= {"ended_at": ended, "on_schedule": rng.random() < network.on_schedule ** (1 / quality)}
        yield Fact(ended, f"{case.code}-completed", DISPATCH, _COMPLETED, data, NAME)
        yield from _stops(seed, city, case, common, ended)


def _stops(seed: int, city: City, case: Case, common: dict[str, str], ended: int) -> Iterator[Fact]:
    rng = case.rng
    for number in range(1, _STOPS + 1):
        at = case.begun + (ended - case.begun) * number // (_STOPS + 1)
        data = {**common, **placed(rng, city), "stop": f"stop-{rng.randrange(_stop_count(city))}", "departed_at": at}
        if rng.random() >= 0.03:
            quality = rhythm.quality(seed, city, NAME, case.begun, data)
            interval = around(rng, _NETWORKS[city.category].interval * MINUTE / quality, 0.3)
            data["previous_at"] = at - min(interval, _LONGEST_INTERVAL)
        yield Fact(at, f"{case.code}-stop-{number}", DISPATCH, "public-transport.stop-served", data, NAME)


def _shifts(seed: int, city: City, slot: int) -> Iterator[Fact]:
    network = _NETWORKS[city.category]
    for case in begun(seed, city, "shift", slot, 90 * city.volume):
        rng = case.rng
        passengers = min(around(rng, network.passengers, 0.3), 9_000)
        free = round(passengers * rng.uniform(0.06, 0.12))
        cashless = round((passengers - free) * min(1.0, rng.gauss(network.cashless, 0.03)))
        ended = case.begun + rng.randrange(4 * HOUR, 8 * HOUR)
        data = {"route": _route(case, city), "vehicle": _vehicle(case, city), "began_at": case.begun, "ended_at": ended}
        data |= {"passengers": passengers, "cashless": cashless, "cash": passengers - free - cashless}
        yield Fact(ended, f"{case.code}-fares", FARES, "public-transport.fares-collected", data, NAME)


def _accidents(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "vehicle-accident", slot, 0.9 * city.volume):
        kind = pick(case.rng, {"accident": 30, "incident": 70})
        data = {"route": _route(case, city), **placed(case.rng, city), "accident": case.code, "kind": kind}
        data |= {"vehicle": _vehicle(case, city), "injured": case.rng.choice((0, 0, 0, 1)), "occurred_at": case.begun}
        yield Fact(case.begun, case.code, DISPATCH, "public-transport.accident-occurred", data, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _NETWORKS[city.category].score, subject="transport")


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    integrations = grown(_NETWORKS[city.category].integrations, 0.4, day)
    return stated(seed, NAME, DISPATCH, day, {"transport_integrations": integrations})


def _route(case: Case, city: City) -> str:
    return str(1 + case.rng.randrange(2 + round(40 * city.volume)))


def _vehicle(case: Case, city: City) -> str:
    return f"bus-{case.rng.randrange(4 + round(300 * city.volume))}"


def _stop_count(city: City) -> int:
    return 8 + round(600 * city.volume)


SYSTEM = System(
    NAME,
    devices=lambda _city: (DISPATCH, FARES, surveys.DEVICE),
    facts=_facts,
    memory_days=THREE_YEARS_DAYS,
    recalled=_recalled,
)
"""1.16 compares the closed year with the one before."""
