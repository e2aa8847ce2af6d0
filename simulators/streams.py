"""Streams of facts in order: of any range, cut as one likes."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator

from simulators.facts import Fact
from simulators.rhythm import SLOT


def slotted(
    begin: int, end: int, in_slot: Callable[[int], Iterable[Fact]], *, life: int, slot: int = SLOT
) -> Iterator[Fact]:
    """Facts with begin <= time < end of cases that begin in numbered slots of `slot` ms (number 0 begins in 1970).

    `in_slot(number)` tells everything that ever comes of the cases that begin in the slot, in any order; it must depend
    on seed, city and number only. `life`: the longest time from the begin of a case to its last fact, in ms. A day's
    facts (`slot=DAY`) or a case's (`slot=SLOT`) are made alike.
    """
    waiting: list[Fact] = []
    for number in range((begin - life) // slot, -(-end // slot)):
        for fact in in_slot(number):
            if begin <= fact.time < end:
                heapq.heappush(waiting, fact)
        while waiting and waiting[0].time < (number + 1) * slot:
            yield heapq.heappop(waiting)
    while waiting:
        yield heapq.heappop(waiting)


def merged(streams: Iterable[Iterator[Fact]]) -> Iterator[Fact]:
    """Streams in order as one in order."""
    return heapq.merge(*streams)
