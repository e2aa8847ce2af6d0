"""Energy of public institutions' buildings: each morning what they took the day before, a little less a year."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, seasons
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, THREE_YEARS_DAYS, moment
from simulators.streams import slotted
from simulators.system import System

NAME: Final = "energy"
DEVICE: Final = "supplier-1"
_BUILDINGS: Final = ("akimat", "school-1", "school-2", "clinic", "library", "kindergarten-1", "hospital", "theatre")
_NEW_YEAR: Final = 20_454
"""1 January 2026 as a day since 1970."""
_SAVED: Final = {Category.REPUBLICAN: 0.038, Category.REGIONAL: 0.043, Category.DISTRICT: 0.012}
"""Share of its consumption that a city saves from one year to the next."""
_ELECTRICITY: Final = 620_000
"""Wh a day."""
_HEAT: Final = 4_800_000
"""Wh on a day in the cold, at 1."""


def buildings(city: City) -> tuple[str, ...]:
    """Those that are metered: few, because two years of them are needed."""
    return _BUILDINGS[: 3 if city.category is Category.DISTRICT else None]


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return slotted(begin, end, lambda day: _on_day(seed, city, day), life=DAY, slot=DAY)


def _on_day(seed: int, city: City, day: int) -> Iterator[Fact]:
    """What is known on this UTC day, in the morning: the city's own day before."""
    ended = _midnight(city, day)
    for building in buildings(city):
        rng = rhythm.generator(seed, city.code, f"energy-{building}", day)
        size = 0.5 + 1.5 * rhythm.generator(0, city.code, f"energy-{building}", 0).random()
        size *= (1 - _SAVED[city.category]) ** ((day - _NEW_YEAR) / 365)
        at = day * DAY + rng.randrange(3 * HOUR)
        for carrier, amount in _consumed(seed, city, ended - DAY):
            data = {"building": building, "carrier": carrier, "begun_at": ended - DAY, "ended_at": ended}
            data["consumption_wh"] = int(amount * size * rng.uniform(0.94, 1.06))
            code = f"s{seed}-{building}-{carrier}-{day}"
            yield Fact(at, code, DEVICE, "energy.consumption-metered", data, NAME)


def _consumed(seed: int, city: City, ms: int) -> Iterator[tuple[str, float]]:
    """What a middling building took on a day, Wh."""
    cold = seasons.cold(seed, city, ms)
    yield "electricity", _ELECTRICITY * (1 + 0.3 * cold)
    if seasons.is_heating(city, ms):
        yield "heat", _HEAT * cold


def _midnight(city: City, day: int) -> int:
    """The begin of the city's own day, as ms since 1970, that has begun when the UTC day begins."""
    offset = moment(day * DAY).astimezone(ZoneInfo(city.timezone)).utcoffset()
    return day * DAY - int(offset.total_seconds() * 1000) if offset else day * DAY


SYSTEM = System(NAME, devices=lambda _city: (DEVICE,), facts=_facts, over_http=True, memory_days=THREE_YEARS_DAYS)
"""1.21 compares the closed year with the one before."""
