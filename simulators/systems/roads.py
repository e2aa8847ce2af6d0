"""Road quality: defects that the thaw brings, and their repair."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, moment
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "roads"
MONITORING: Final = "monitoring-1"
REGISTER: Final = "road-register"
_LONGEST_LIFE: Final = 40 * DAY
_KINDS: Final = {"pothole": 45, "crack": 20, "rut": 12, "marking": 12, "subsidence": 5, "drainage": 5, "other": 1}
_FOUND_BY: Final = {"sensor": 45, "inspection": 35, "request": 20}
_NEVER: Final = 0.02
_THAW: Final = {1: 0.7, 2: 0.8, 3: 1.7, 4: 2.0, 5: 1.4, 12: 0.7}
"""How many defects come up in a month, where not as many as else."""


class _Service(NamedTuple):
    defects: float
    """A month, on 100 km."""
    repair: float
    """Median days from finding to repair."""
    good: float
    """Shares of the length of roads at the beginning of 2026."""
    monitored: float
    planned: float
    score: float


_SERVICES: Final = {
    Category.REPUBLICAN: _Service(3.4, 2.1, 0.88, 0.82, 0.91, 7.6),
    Category.REGIONAL: _Service(4.3, 4.3, 0.79, 0.46, 0.83, 6.4),
    Category.DISTRICT: _Service(9.0, 8.6, 0.58, 0.12, 0.57, 6.1),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _defects(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _defects(seed: int, city: City, slot: int) -> Iterator[Fact]:
    service = _SERVICES[city.category]
    month = moment(slot * rhythm.SLOT).month
    a_day = service.defects * city.road_m / 100_000 / 30 * _THAW.get(month, 1.0)
    for case in begun(seed, city, "defect", slot, a_day):
        rng = case.rng
        data = {**placed(rng, city), "defect": case.code, "road": f"road-{rng.randrange(1, 400)}"}
        data |= {"kind": pick(rng, _KINDS), "found_at": case.begun}
        found = {**data, "found_by": pick(rng, _FOUND_BY)}
        yield Fact(case.begun, f"{case.code}-found", MONITORING, "roads.defect-found", found, NAME)
        frost = 1.4 if month in (12, 1, 2) else 1.0
        quality = rhythm.quality(seed, city, NAME, case.begun, data)
        at = case.begun + max(2 * HOUR, min(around(rng, service.repair * DAY * frost / quality, 0.5), _LONGEST_LIFE))
        if rng.random() >= _NEVER:
            repaired = {**data, "repaired_at": at}
            yield Fact(at, f"{case.code}-repaired", MONITORING, "roads.defect-repaired", repaired, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _SERVICES[city.category].score, 60)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    service, length = _SERVICES[city.category], grown(city.road_m, 0.01, day)
    totals = {
        "roads_m": length,
        "roads_good_m": grown(service.good * city.road_m, 0.02, day, at_most=length),
        "roads_monitored_m": grown(service.monitored * city.road_m, 0.1, day, at_most=length),
        "roads_repair_planned_m": grown(service.planned * city.road_m, 0.01, day, at_most=length),
    }
    return stated(seed, NAME, REGISTER, day, totals)


SYSTEM = System(
    NAME, devices=lambda _city: (MONITORING, REGISTER, surveys.DEVICE), facts=_facts, memory_days=_LONGEST_LIFE // DAY
)
