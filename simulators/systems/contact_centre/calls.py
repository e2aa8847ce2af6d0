"""Calls to 109: queued, then answered or abandoned, and now and then rated."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from simulators import rhythm
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE, SECOND
from simulators.rhythm import SLOT

NAME: Final = "contact-centre"
EXCHANGES: Final = ("pbx-1", "pbx-2")
SURVEYS: Final = "survey-1"
QUEUES: Final = ("kazakh", "russian")
LONGEST_WAIT: Final = 30 * MINUTE
LONGEST_LIFE: Final = LONGEST_WAIT + HOUR
"""From queueing to the last fact of a call."""
_RATED: Final = 0.06


def in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """Everything that comes of the calls queued in this slot, in no particular order."""
    rng = rhythm.generator(seed, city.code, "calls", slot)
    mean = city.rates.calls * SLOT / DAY * rhythm.intensity(seed, city, slot)
    for number in range(rhythm.poisson(rng, mean)):
        yield from _call(seed, city, rng, f"s{seed}-c{slot}-{number}", slot * SLOT + rng.randrange(SLOT))


def _call(seed: int, city: City, rng: Random, call: str, queued: int) -> Iterator[Fact]:
    wait_ms = city.rates.wait_ms * rhythm.overload(seed, city, queued)
    wait = min(int(rng.expovariate(1 / wait_ms)), LONGEST_WAIT)
    patience = 5 * SECOND + int(rng.expovariate(1 / city.rates.patience_ms))
    exchange = rng.choice(EXCHANGES)
    data = {"call": call, "queue": rng.choice(QUEUES), "queued_at": queued}
    if wait > patience:
        left = queued + patience
        yield Fact(
            left, f"{call}-abandoned", exchange, "contact-centre.call-abandoned", {**data, "abandoned_at": left}, NAME
        )
        return
    answered = queued + wait
    yield Fact(
        answered,
        f"{call}-answered",
        exchange,
        "contact-centre.call-answered",
        {**data, "answered_at": answered},
        NAME,
    )
    if rng.random() < _RATED:
        quality = rhythm.day(seed, city, queued // DAY).quality
        at = answered + rng.randrange(MINUTE, HOUR)
        score = min(10, max(1, round(rng.gauss(10 * city.rates.satisfaction * quality, 1.6))))
        yield Fact(
            at,
            f"{call}-survey",
            SURVEYS,
            "contact-centre.survey-answered",
            {"survey": "service", "score": score, "scale": 10, "answered_at": at},
            NAME,
        )
