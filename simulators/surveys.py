"""Residents asked how satisfied they are with a system, of 10 points."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from simulators import rhythm
from simulators.cases import begun, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR

DEVICE: Final = "survey-1"
_DAILY: Final = 24
"""Answers a day, at volume 1."""
_SPREAD: Final = 1.4
_ASKED: Final = range(4 * HOUR, 16 * HOUR)
"""From nine to nine in Kazakhstan, in UTC."""


def in_slot(
    seed: int, city: City, slot: int, system: str, mean: float, daily: float = _DAILY, subject: str = ""
) -> Iterator[Fact]:
    """Answers about a system given in a slot; residents think `mean` of it, of 10. `subject` is the survey's, where its
    name is not the system's."""
    for case in begun(seed, city, f"{system}-survey", slot, daily * city.volume):
        yield _answer(seed, city, case.rng, case.code, case.begun, system, subject or system, mean)


def on_day(seed: int, city: City, day: int, system: str, mean: float, daily: float = _DAILY) -> Iterator[Fact]:
    """The same for a whole UTC day, of a system of which years are told: one draw a day instead of one a slot."""
    rng = rhythm.generator(seed, city.code, f"{system}-survey", day)
    for number in range(rhythm.poisson(rng, daily * city.volume)):
        code = f"s{seed}-{system}-survey-{day}-{number}"
        yield _answer(seed, city, rng, code, day * DAY + rng.choice(_ASKED), system, system, mean)


def _answer(seed: int, city: City, rng: Random, code: str, at: int, system: str, subject: str, mean: float) -> Fact:
    place = placed(rng, city)
    here = mean * rhythm.standing(seed, city, system).get(place.get("district", ""), 1.0)
    score = min(10, max(1, round(rng.gauss(here, _SPREAD))))
    data = {**place, "survey": subject, "score": score, "answered_at": at}
    return Fact(at, code, DEVICE, "reference.survey-answered", data, system)
