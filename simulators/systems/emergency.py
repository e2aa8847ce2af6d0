"""Emergency dispatch 112: calls for fire crews and ambulances, their arrival, and the base of incidents."""

from __future__ import annotations

from collections.abc import Iterator
from math import pi, sin
from typing import Final

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE
from simulators.rhythm import SLOT
from simulators.streams import slotted
from simulators.system import System

NAME: Final = "emergency"
DISPATCHERS: Final = {"ambulance": "dispatch-ambulance", "fire": "dispatch-fire"}
BASE: Final = "incident-base"
_LONGEST_LIFE: Final = 6 * HOUR
_SERVICES: Final = {"ambulance": 85, "fire": 15}
_ARRIVAL: Final = {Category.REPUBLICAN: 4.6, Category.REGIONAL: 6.6, Category.DISTRICT: 9.0}
"""Median minutes to the arrival."""
_UNANSWERED: Final = 0.01
_INCIDENTS: Final = {"traffic-accident": 50, "fire": 25, "utility-failure": 15, "collapse": 2, "flood": 3, "other": 5}
_MAJOR: Final = 0.12


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return slotted(begin, end, lambda slot: _in_slot(seed, city, slot), life=_LONGEST_LIFE)


def _in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    yield from _calls(seed, city, slot)
    yield from _incidents(seed, city, slot)


def _calls(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "call", slot, 170 * city.volume, night=0.5):
        rng = case.rng
        service = pick(rng, _SERVICES)
        device = DISPATCHERS[service]
        data = {**placed(rng, city), "call": case.code, "service": service, "received_at": case.begun}
        yield Fact(case.begun, f"{case.code}-received", device, "emergency.call-received", data, NAME)
        quality = rhythm.quality(seed, city, NAME, case.begun, data)
        at = case.begun + min(around(rng, _ARRIVAL[city.category] * MINUTE / quality), _LONGEST_LIFE)
        if rng.random() >= _UNANSWERED:
            arrived = {**data, "arrived_at": at}
            yield Fact(at, f"{case.code}-arrived", device, "emergency.crew-arrived", arrived, NAME)


def _incidents(seed: int, city: City, slot: int) -> Iterator[Fact]:
    season = 1 + 0.3 * sin(2 * pi * slot * SLOT / (365 * DAY))
    for case in begun(seed, city, "accident", slot, 14 * city.volume * season, night=0.4):
        rng = case.rng
        at = case.begun + min(around(rng, 25 * MINUTE), _LONGEST_LIFE)
        scale = "major" if rng.random() < _MAJOR else "ordinary"
        data = {**placed(rng, city), "incident": case.code, "kind": pick(rng, _INCIDENTS), "scale": scale}
        data |= {"happened_at": case.begun, "registered_at": at}
        yield Fact(at, case.code, BASE, "emergency.incident-registered", data, NAME)


SYSTEM = System(NAME, devices=lambda _city: (*DISPATCHERS.values(), BASE), facts=_facts, over_http=True, memory_days=61)
"""1.12 compares two windows of 30 days."""
