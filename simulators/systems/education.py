"""The education department: every school, kindergarten and college counts its pupils in the morning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zoneinfo import ZoneInfo

from simulators import rhythm
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE, moment
from simulators.streams import slotted
from simulators.system import System

NAME: Final = "education"
BOARDING: Final = "boarding-school-1"
"""Its pupils are there on every day of the year."""
_SUMMER: Final = (6, 7, 8)


def devices(city: City) -> tuple[str, ...]:
    """The institutions of a city; each reports by itself."""
    schools = tuple(f"school-{n}" for n in range(1, 3 + round(60 * city.volume)))
    kindergartens = tuple(f"kindergarten-{n}" for n in range(1, 2 + round(80 * city.volume)))
    colleges = tuple(f"college-{n}" for n in range(1, 1 + round(12 * city.volume)))
    return (*schools, *kindergartens, *colleges, BOARDING)


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return slotted(begin, end, lambda day: _counts(seed, city, day), life=DAY, slot=DAY)


def _counts(seed: int, city: City, day: int) -> Iterator[Fact]:
    for device in devices(city):
        if _open(city, device, day):
            rng = rhythm.generator(seed, city.code, device, day)
            at = day * DAY + 4 * HOUR + rng.randrange(90 * MINUTE)
            # Its size is the institution's own, whatever the seed and the day.
            enrolled = rhythm.generator(0, city.code, device, 0).randrange(60, 1400)
            level = "school" if device == BOARDING else device.partition("-")[0]
            data = {"institution": device, "level": level, "counted_at": at, "enrolled": enrolled}
            data["present"] = round(enrolled * rng.uniform(0.82, 0.98))
            yield Fact(at, f"s{seed}-{device}-{day}", device, "education.attendance-reported", data, NAME)


def _open(city: City, device: str, day: int) -> bool:
    local = moment(day * DAY + 4 * HOUR).astimezone(ZoneInfo(city.timezone))
    if device == BOARDING:
        return True
    if device.startswith("kindergarten"):
        return local.weekday() < 5
    return local.weekday() < 6 and local.month not in _SUMMER


SYSTEM = System(NAME, devices=devices, facts=_facts, over_http=True)
