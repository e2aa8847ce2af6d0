"""Greenery: trees are planted in spring and autumn and looked after for a year; the green area is known to the map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.catalogue import Category
from simulators import rhythm, seasons, surveys
from simulators.cases import Case, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, THREE_YEARS_DAYS
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "greenery"
REGISTER: Final = "tree-register"
MAP: Final = "gis-greenery"
IRRIGATION: Final = "irrigation-1"
_YEAR: Final = 365 * DAY
_LONGEST_LIFE: Final = _YEAR + 20 * DAY
_SEASON_DAYS: Final = 81
"""Planting days in a year."""
_TREES: Final = 25
"""Mean number of trees of a planting."""
_BY_DAY: Final = range(3 * HOUR, 13 * HOUR)
"""When gardeners work in Kazakhstan, in UTC."""


class _Garden(NamedTuple):
    """How green a city of some category is."""

    trees: int
    """Planted in a year."""
    survival: float
    unchecked: float
    """Share of plantings that nobody looks after again."""
    city_m2: int
    green: float
    """Share of the territory at the beginning of 2026 …"""
    growth: float
    """… and how it grows in a year."""
    irrigated: float
    liked: float
    """Mean answer to a survey, of 10."""


_GARDENS: Final = {
    Category.REPUBLICAN: _Garden(9_400, 0.93, 0.02, 682_000_000, 0.31, 0.041, 0.63, 8.6),
    Category.REGIONAL: _Garden(2_300, 0.86, 0.05, 543_000_000, 0.183, 0.034, 0.41, 7.1),
    Category.DISTRICT: _Garden(230, 0.66, 0.12, 21_000_000, 0.124, 0.002, 0.12, 6.8),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda day: _plantings(seed, city, day), life=_LONGEST_LIFE, slot=DAY),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
            slotted(begin, end, lambda day: _surveys(seed, city, day), life=0, slot=DAY),
        )
    )


def _surveys(seed: int, city: City, day: int) -> Iterator[Fact]:
    return surveys.on_day(seed, city, day, NAME, _garden(city).liked, daily=10)


def _garden(city: City) -> _Garden:
    return _GARDENS[city.category]


def _plantings(seed: int, city: City, day: int) -> Iterator[Fact]:
    """Of a whole day, because their check is a year away."""
    if seasons.is_planting(city, day * DAY):
        rng = rhythm.generator(seed, city.code, "planting", day)
        for number in range(rhythm.poisson(rng, _garden(city).trees / _TREES / _SEASON_DAYS)):
            begun = day * DAY + rng.choice(_BY_DAY)
            yield from _planting(city, Case(f"s{seed}-planting-{day}-{number}", begun, rng))


def _planting(city: City, case: Case) -> Iterator[Fact]:
    garden = _garden(city)
    data: dict[str, Any] = {**placed(case.rng, city), "planting": case.code}
    data |= {"trees": case.rng.randrange(5, 2 * _TREES - 4), "planted_at": case.begun}
    yield Fact(case.begun, f"{case.code}-planted", REGISTER, "greenery.trees-planted", data, NAME)
    if case.rng.random() >= garden.unchecked:
        surviving = sum(case.rng.random() < garden.survival for _ in range(data["trees"]))
        at = case.begun + _YEAR + case.rng.randrange(-30 * DAY, 20 * DAY)
        checked = {**data, "surviving": surviving, "checked_at": at}
        yield Fact(at, f"{case.code}-checked", REGISTER, "greenery.planting-checked", checked, NAME)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    garden = _garden(city)
    green = grown(garden.city_m2 * garden.green, garden.growth, day)
    irrigated = grown(garden.irrigated * green, 0.08, day, at_most=green)
    yield from stated(seed, NAME, MAP, day, {"city_m2": garden.city_m2, "green_m2": green})
    yield from stated(seed, NAME, IRRIGATION, day, {"green_irrigated_m2": irrigated})


SYSTEM = System(
    NAME,
    devices=lambda _city: (REGISTER, MAP, IRRIGATION, surveys.DEVICE),
    facts=_facts,
    memory_days=THREE_YEARS_DAYS,
)
"""Trees planted in the year before the closed one were due for their check in that; 1.20 wants the green area then."""
