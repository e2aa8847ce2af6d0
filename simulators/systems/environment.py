"""Air: stations that average over 20 minutes and over the day; worst on cold evenings, and in smog (a scenario)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, seasons
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, MINUTE, moment
from simulators.streams import slotted
from simulators.system import System

NAME: Final = "environment"
SPELL: Final = 20 * MINUTE
_A_DAY: Final = DAY // SPELL
_SMOG: Final = 3.5
"""What concentrations are multiplied with."""
_BUSY: Final = (8, 20)
"""Hours of the morning's and the evening's peak."""


class _Pollutant(NamedTuple):
    """Concentrations in ng/m³."""

    usual: int
    """On a summer's day."""
    winter: float
    """How many times that in the cold, at 1."""
    single: int
    """Norm of a mean over 20 minutes …"""
    daily: int
    """… and over 24 hours."""


_POLLUTANTS: Final = {
    "pm2.5": _Pollutant(16_000, 3.2, 160_000, 35_000),
    "no2": _Pollutant(19_000, 2.0, 200_000, 40_000),
    "so2": _Pollutant(7_000, 3.0, 500_000, 50_000),
}
_STATIONS: Final = {Category.REPUBLICAN: 4, Category.REGIONAL: 2, Category.DISTRICT: 1}


def devices(city: City) -> tuple[str, ...]:
    """A city's stations."""
    return tuple(f"post-{number}" for number in range(1, _STATIONS[city.category] + 1))


def _pollutants(city: City) -> Iterator[str]:
    """What its stations measure: in a small city only dust."""
    yield from list(_POLLUTANTS)[: 1 if city.category is Category.DISTRICT else None]


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return slotted(begin, end, lambda number: _averages(seed, city, number), life=DAY + SPELL, slot=SPELL)


def _averages(seed: int, city: City, number: int) -> Iterator[Fact]:
    """What begins with this spell: its own mean, and the day's where it is the first of the city's own day."""
    begin = number * SPELL
    local = moment(begin).astimezone(ZoneInfo(city.timezone))
    for station in devices(city):
        for name in _pollutants(city):
            norms = _POLLUTANTS[name]
            single = _concentration(seed, city, station, name, number)
            yield _measured(seed, station, name, "20min", (single, norms.single), (begin, begin + SPELL))
            if (local.hour, local.minute) == (0, 0):
                spells = range(number, number + _A_DAY)
                mean = sum(_concentration(seed, city, station, name, spell) for spell in spells) // _A_DAY
                yield _measured(seed, station, name, "24h", (mean, norms.daily), (begin, begin + DAY))


def _measured(
    seed: int, station: str, pollutant: str, averaging: str, measured: tuple[int, int], spell: tuple[int, int]
) -> Fact:
    concentration, norm = measured
    begin, end = spell
    data = {"station": station, "pollutant": pollutant, "averaging": averaging, "begun_at": begin, "ended_at": end}
    data |= {"concentration_ng_m3": concentration, "norm_ng_m3": norm}
    code = f"s{seed}-{station}-{pollutant}-{averaging}-{begin // SPELL}"
    return Fact(end, code, station, "environment.air-measured", data, NAME)


def _concentration(seed: int, city: City, station: str, name: str, number: int) -> int:
    ms = number * SPELL
    pollutant = _POLLUTANTS[name]
    rng = rhythm.generator(seed, city.code, f"{station}-{name}", number)
    level = 1 + (pollutant.winter - 1) * seasons.cold(seed, city, ms)
    smog = _SMOG if city.suffers("smog", ms) else 1.0
    return int(pollutant.usual * level * smog * _hour(city, ms) * rng.lognormvariate(0, 0.35))


def _hour(city: City, ms: int) -> float:
    """The rhythm of traffic and stoves: around 1."""
    local = moment(ms).astimezone(ZoneInfo(city.timezone))
    hour = local.hour + local.minute / 60
    return 0.7 + sum(0.7 * math.exp(-(((hour - peak) / 2.5) ** 2)) for peak in _BUSY)


SYSTEM = System(NAME, devices=devices, facts=_facts)
