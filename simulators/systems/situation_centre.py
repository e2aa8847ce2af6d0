"""The situational centre itself: its public page probed from outside, its incidents, its registers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import around, begun, pick
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE, SECOND
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "situation-centre"
PROBE: Final = "probe-1"
DESK: Final = "incident-desk"
MAP: Final = "gis-1"
STATISTICS: Final = "statistics"
STRETCH: Final = 5 * MINUTE
_LONGEST_LIFE: Final = 12 * HOUR
_OUTAGES: Final = {Category.REPUBLICAN: 0.12, Category.REGIONAL: 0.35, Category.DISTRICT: 0.25}
"""Chance of an outage of the page on a day."""
_AUTOMATIC: Final = {Category.REPUBLICAN: 0.93, Category.REGIONAL: 0.84, Category.DISTRICT: 0.7}
_MAPPED: Final = {Category.REPUBLICAN: 0.97, Category.REGIONAL: 0.91, Category.DISTRICT: 0.6}
_ORIGINS: Final = {"contact-centre": 40, "video": 25, "fire-safety": 10, "water": 8, "heat": 9, "electricity": 8}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda number: _probe(seed, city, number), life=STRETCH, slot=STRETCH),
            slotted(begin, end, lambda slot: _incidents(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda day: _registers(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _probe(seed: int, city: City, number: int) -> Iterator[Fact]:
    begun_at, ended_at = number * STRETCH, (number + 1) * STRETCH
    if city.watched_from is not None and ended_at > city.watched_from:
        return
    good = not _down(seed, city, begun_at)
    rng = rhythm.generator(seed, city.code, "probe", number)
    data = {"begun_at": begun_at, "ended_at": ended_at, "good": good, "status": 200 if good else 503}
    yield Fact(
        ended_at,
        f"s{seed}-probe-{number}",
        PROBE,
        "situation-centre.page-probed",
        {**data, "answered_ms": around(rng, 90)},
        NAME,
    )


def _down(seed: int, city: City, ms: int) -> bool:
    """Whether the day's outage, if it has one, covers this moment."""
    day = ms // DAY
    rng = rhythm.generator(seed, city.code, "outage", day)
    begin = day * DAY + rng.randrange(DAY - 2 * HOUR)
    return rng.random() < _OUTAGES[city.category] and begin <= ms < begin + rng.randrange(5 * MINUTE, 50 * MINUTE)


def _incidents(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "incident", slot, 110 * city.volume, night=0.3):
        common = {"incident": case.code, "registered_at": case.begun}
        opened = {**common, "origin": pick(case.rng, _ORIGINS)}
        yield Fact(case.begun, f"{case.code}-registered", DESK, "situation-centre.incident-registered", opened, NAME)
        by = "system" if case.rng.random() < _AUTOMATIC[city.category] else "operator"
        took = around(case.rng, 20 * SECOND if by == "system" else 25 * MINUTE)
        if by == "system" or case.rng.random() > 0.05:
            at = case.begun + min(took, _LONGEST_LIFE)
            data = {**common, "handled_at": at, "by": by}
            yield Fact(at, f"{case.code}-handled", DESK, "situation-centre.incident-handled", data, NAME)


def _registers(seed: int, city: City, day: int) -> Iterator[Fact]:
    objects = grown(60 + 900 * city.volume, 0.01, day)
    yield from stated(seed, NAME, MAP, day, {"critical_objects": objects})
    if city.watched_from is None:
        yield from stated(seed, NAME, MAP, day, _shown(city, objects, day))
    yield from stated(seed, NAME, STATISTICS, day, {"residents": grown(city.residents, 0.01, day)})


def _shown(city: City, objects: int, day: int) -> dict[str, int]:
    """What an observer finds on the page."""
    return {
        "gis_layers": grown(8 + 6 * city.volume, 0.15, day),
        "visualisation_types": 7 if city.category is Category.REPUBLICAN else 4,
        "critical_objects_mapped": grown(_MAPPED[city.category] * objects, 0.03, day, at_most=objects),
    }


SYSTEM = System(NAME, devices=lambda _city: (PROBE, DESK, MAP, STATISTICS), facts=_facts, over_http=True)
