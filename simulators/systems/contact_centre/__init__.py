"""The contact centre 109+ of a simulated city: its facts of any time range, in order of time."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY
from simulators.streams import merged, slotted
from simulators.system import System
from simulators.systems.contact_centre import calls, requests

DEVICES = (*calls.EXCHANGES, requests.REGISTRY, requests.SURVEYS)


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: calls.in_slot(seed, city, slot), life=calls.LONGEST_LIFE),
            slotted(begin, end, lambda slot: requests.in_slot(seed, city, slot), life=requests.LONGEST_LIFE),
        )
    )


SYSTEM = System(calls.NAME, devices=lambda _city: DEVICES, facts=_facts, memory_days=requests.LONGEST_LIFE // DAY)
