"""Residents asked how satisfied they are with a system, of 10 points."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulators.cases import begun, placed
from simulators.cities import City
from simulators.facts import Fact

DEVICE: Final = "survey-1"
_DAILY: Final = 24
"""Answers a day, at volume 1."""
_SPREAD: Final = 1.4


def in_slot(
    seed: int, city: City, slot: int, system: str, mean: float, daily: float = _DAILY, subject: str = ""
) -> Iterator[Fact]:
    """Answers about a system given in a slot; residents think `mean` of it, of 10. `subject` is the survey's, where its
    name is not the system's."""
    for case in begun(seed, city, f"{system}-survey", slot, daily * city.volume):
        score = min(10, max(1, round(case.rng.gauss(mean, _SPREAD))))
        data = {**placed(case.rng, city), "survey": subject or system, "score": score, "answered_at": case.begun}
        yield Fact(case.begun, case.code, DEVICE, "reference.survey-answered", data, system)
