"""The contact centre 109+ of a simulated city: its facts of any time range, in order of time.

The same seed gives the same facts, however the range is cut.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

from simulators import calls, requests
from simulators.cities import City
from simulators.facts import Fact
from simulators.rhythm import SLOT

DEVICES: Final = (*calls.EXCHANGES, requests.REGISTRY, requests.SURVEYS)
"""Every device that reports; none reports another's facts."""


def facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    """Facts with begin <= time < end (milliseconds since 1970), lazily."""
    waiting: list[Fact] = []
    for slot in range((begin - requests.LONGEST_LIFE) // SLOT, -(-end // SLOT)):
        for fact in _in_slot(seed, city, slot, calls_matter=(slot + 1) * SLOT > begin - calls.LONGEST_LIFE):
            if begin <= fact.time < end:
                heapq.heappush(waiting, fact)
        while waiting and waiting[0].time < (slot + 1) * SLOT:
            yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)


def _in_slot(seed: int, city: City, slot: int, *, calls_matter: bool) -> Iterator[Fact]:
    if calls_matter:
        yield from calls.in_slot(seed, city, slot)
    yield from requests.in_slot(seed, city, slot)
