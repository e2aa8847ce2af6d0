"""How a city's day goes: hours, weekdays, good and bad days, an overloaded queue. Everything follows from the seed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from simulators.cities import City
from simulators.moments import DAY, HOUR, MINUTE, moment

SLOT: Final = 10 * MINUTE
"""The grain of the generator: what begins in a slot depends on seed, city and slot only."""
_HOURS: Final[Sequence[float]] = (
    *(0.15, 0.1, 0.08, 0.08, 0.1, 0.2, 0.5, 0.9, 1.6, 2.0, 2.1, 1.9),
    *(1.5, 1.5, 1.7, 1.7, 1.6, 1.6, 1.5, 1.3, 1.0, 0.7, 0.4, 0.25),
)
_HOURLY_MEAN: Final = sum(_HOURS) / len(_HOURS)
_WEEKEND: Final = 0.75
_UNLIKE: Final = 0.1
"""How much better than the city's mean a service works in its best district, and worse in its worst."""
_OVERRUN: Final = 6.0
"""What waits are multiplied with while the contact centre is overrun."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's own luck."""

    volume: float
    """Multiplies calls and requests; around 1."""
    quality: float
    """Multiplies how well the services work; around 1."""
    overload_begin: int
    overload_end: int
    overload: float
    """Multiplies waits between begin and end."""


def generator(seed: int, city: str, what: str, number: int) -> Random:
    """Random numbers that depend on nothing but these four."""
    return Random(f"{seed}/{city}/{what}/{number}")


@lru_cache(maxsize=4096)
def day(seed: int, city: City, number: int) -> Day:
    """The UTC day with this number since 1970. Two days of three have an hour or two of overload in local daytime."""
    rng = generator(seed, city.code, "day", number)
    volume, quality = rng.uniform(0.9, 1.1), rng.uniform(0.92, 1.06)
    offset = moment(number * DAY).astimezone(ZoneInfo(city.timezone)).utcoffset()
    local = HOUR * round(offset.total_seconds() / 3600) if offset else 0
    begin = number * DAY + int(rng.uniform(8.5, 18) * HOUR) - local
    length = int(rng.uniform(0.5, 2.0) * HOUR) if rng.random() < 2 / 3 else 0
    return Day(volume, quality, begin, begin + length, rng.uniform(1.8, 3.5))


def quality(seed: int, city: City, what: str, ms: int, place: Mapping[str, Any]) -> float:
    """How well a service works at this moment where a case is (`place` may name a district); multiplies, around 1."""
    return day(seed, city, ms // DAY).quality * standing(seed, city, what).get(place.get("district", ""), 1.0)


@lru_cache(maxsize=1024)
def standing(seed: int, city: City, what: str) -> Mapping[str, float]:
    """How well a service works in each district, always: evenly spread around 1, in an order of the service's own."""
    places = list(city.districts)
    generator(seed, city.code, f"standing-{what}", 0).shuffle(places)
    step = 2 * _UNLIKE / max(1, len(places) - 1)
    return {place: 1 + _UNLIKE - number * step for number, place in enumerate(places)} if len(places) > 1 else {}


def intensity(seed: int, city: City, slot: int) -> float:
    """How busy a slot is against the mean of a weekday."""
    local = moment(slot * SLOT).astimezone(ZoneInfo(city.timezone))
    weekday = _WEEKEND if local.weekday() >= 5 else 1.0
    return weekday * _HOURS[local.hour] / _HOURLY_MEAN * day(seed, city, slot * SLOT // DAY).volume


def overload(seed: int, city: City, ms: int) -> float:
    """What waits are multiplied with at this moment."""
    if city.suffers("call-overload", ms):
        return _OVERRUN
    today = day(seed, city, ms // DAY)
    return today.overload if today.overload_begin <= ms < today.overload_end else 1.0


def poisson(rng: Random, mean: float) -> int:
    """A Poisson number (Knuth); for means up to some hundreds."""
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count += 1
        product *= rng.random()
    return count
