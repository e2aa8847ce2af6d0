"""The police: crimes as they are registered, and how many vehicles the city has."""

from __future__ import annotations

from collections.abc import Iterator
from math import cos, pi
from typing import Final

from simulators.cases import begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY
from simulators.rhythm import SLOT
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "public-safety"
CRIMES: Final = "crime-register"
VEHICLES: Final = "vehicle-register"
_GRAVITIES: Final = {"minor": 38, "medium": 42, "serious": 16, "especially-serious": 4}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _crimes(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _vehicles(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _crimes(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """More of them in summer."""
    season = 1 - 0.2 * cos(2 * pi * slot * SLOT / (365 * DAY))
    for case in begun(seed, city, "crime", slot, (4 + 60 * city.volume) * season, night=0.3):
        data = {**placed(case.rng, city), "crime": case.code, "gravity": pick(case.rng, _GRAVITIES)}
        data["registered_at"] = case.begun
        yield Fact(case.begun, case.code, CRIMES, "public-safety.crime-registered", data, NAME)


def _vehicles(seed: int, city: City, day: int) -> Iterator[Fact]:
    return stated(seed, NAME, VEHICLES, day, {"vehicles": grown(city.vehicles, 0.04, day)})


SYSTEM = System(NAME, devices=lambda _city: (CRIMES, VEHICLES), facts=_facts, over_http=True, memory_days=61)
"""1.13 compares two windows of 30 days."""
