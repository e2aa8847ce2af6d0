"""Cases that begin at random through a city's day, and the little things every system's cases need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple, TypeVar

from simulators import rhythm
from simulators.cities import City
from simulators.moments import DAY
from simulators.rhythm import SLOT

T = TypeVar("T")


class Case(NamedTuple):
    """Something that began."""

    code: str
    """Unique per seed, city and kind of case."""
    begun: int
    """Milliseconds since 1970."""
    rng: Random
    """What comes of it follows from these alone. Cases of a slot share them, in order."""


def begun(seed: int, city: City, what: str, slot: int, a_day: float, *, night: float = 0.0) -> Iterator[Case]:
    """The cases of a kind that begin in a slot of the city's rhythm, `a_day` of them on an ordinary weekday.

    `night` (0…1) is the share of them that come at any hour alike.
    """
    rng = rhythm.generator(seed, city.code, what, slot)
    busy = night + (1 - night) * rhythm.intensity(seed, city, slot)
    for number in range(rhythm.poisson(rng, a_day * SLOT / DAY * busy)):
        yield Case(f"s{seed}-{what}-{slot}-{number}", slot * SLOT + rng.randrange(SLOT), rng)


def pick(rng: Random, weights: Mapping[T, float]) -> T:
    """One of the keys, by its weight."""
    return rng.choices(tuple(weights), tuple(weights.values()))[0]


def around(rng: Random, median: float, spread: float = 0.35) -> int:
    """A duration that is skewed to the right, as waits and repairs are; in the median's unit, at least 1."""
    return max(1, int(median * rng.lognormvariate(0, spread)))


def placed(rng: Random, city: City) -> dict[str, Any]:
    """The district of a case as a field; nothing in a city without districts."""
    return {"district": rng.choice(city.districts)} if city.districts else {}
