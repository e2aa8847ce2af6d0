"""Video monitoring and photo enforcement: cameras, the centre that judges what they saw, the archive."""

from __future__ import annotations

from collections.abc import Iterator

from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY
from simulators.streams import merged, slotted
from simulators.system import System
from simulators.systems.video import enforcement, monitoring, recordings
from simulators.systems.video.places import ARCHIVE, ENFORCEMENT, MONITORING, NAME, REGISTER, cameras


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: enforcement.in_slot(seed, city, slot), life=enforcement.LONGEST_LIFE),
            slotted(begin, end, lambda slot: monitoring.in_slot(seed, city, slot), life=monitoring.LONGEST_LIFE),
            slotted(begin, end, lambda slot: recordings.in_slot(seed, city, slot), life=recordings.LONGEST_LIFE),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    """Metres of road that enforcement cameras watch; how many there are is the road department's to state."""
    watched = grown(0.52 * city.road_m, 0.08, day, at_most=city.road_m)
    return stated(seed, NAME, REGISTER, day, {"roads_enforced_m": watched})


def _devices(city: City) -> tuple[str, ...]:
    return (*cameras(city), ENFORCEMENT, MONITORING, ARCHIVE, REGISTER)


SYSTEM = System(NAME, devices=_devices, facts=_facts, memory_days=enforcement.TERM_DAYS + 1)
"""So that the fines that fall due in a simulated range were imposed in it."""
