"""A year in Kazakhstan's north and centre: cold, heating season, planting seasons."""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from simulators import rhythm
from simulators.cities import City
from simulators.moments import DAY, moment

_COLDEST: Final = 17
"""Day of the year."""
_HEATING: Final = ((10, 15), (4, 15))
_PLANTING: Final = (((4, 10), (5, 20)), ((9, 20), (10, 31)))


@lru_cache(maxsize=4096)
def temperature(seed: int, city: City, day: int) -> float:
    """Mean outdoor temperature of a UTC day since 1970, °C."""
    year = math.cos(2 * math.pi * (moment(day * DAY).timetuple().tm_yday - _COLDEST) / 365)
    return 3.5 - 17.5 * year + rhythm.generator(seed, city.code, "weather", day).gauss(0, 4)


def cold(seed: int, city: City, ms: int) -> float:
    """0 on a summer's day, about 1 in deepest winter."""
    return max(0.0, min(1.5, (18 - temperature(seed, city, ms // DAY)) / 35))


def is_heating(city: City, ms: int) -> bool:
    """Whether buildings are heated, from 15 October to 15 April."""
    today = _month_and_day(city, ms)
    return today >= _HEATING[0] or today < _HEATING[1]


def is_planting(city: City, ms: int) -> bool:
    """Whether trees are planted: in spring after the thaw, and in autumn before the frost."""
    return any(begin <= _month_and_day(city, ms) < end for begin, end in _PLANTING)


def local_date(city: City, ms: int) -> date:
    """The date by the city's own clock."""
    return moment(ms).astimezone(ZoneInfo(city.timezone)).date()


def _month_and_day(city: City, ms: int) -> tuple[int, int]:
    today = local_date(city, ms)
    return today.month, today.day
