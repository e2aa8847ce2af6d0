"""Heat: everything happens in the heating season; in the scenario a main bursts and leaves the city cold."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.catalogue import Category
from simulators.cities import City
from simulators.facts import Fact
from simulators.metering import LONGEST_OUTAGE, Supply
from simulators.rhythm import SLOT
from simulators.streams import merged, slotted
from simulators.system import System

SUPPLY = Supply(
    name="heat",
    unit="consumption_wh",
    monthly=90_000,
    winter=18.0,
    outages=7,
    restored_min={Category.REPUBLICAN: 33, Category.REGIONAL: 96, Category.DISTRICT: 105},
    automatic={Category.REPUBLICAN: 0.92, Category.REGIONAL: 0.61, Category.DISTRICT: 0.22},
    smart={Category.REPUBLICAN: 0.88, Category.REGIONAL: 0.58, Category.DISTRICT: 0.27},
    connected=0.013,
    liked={Category.REPUBLICAN: 8.4, Category.REGIONAL: 6.9, Category.DISTRICT: 6.3},
    only_in_winter=True,
)
_ORDINARY = SUPPLY.system


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    bursts = slotted(begin, end, lambda slot: _bursts(seed, city, slot), life=LONGEST_OUTAGE + SLOT)
    return merged((_ORDINARY.facts(seed, city, begin, end), bursts))


def _bursts(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """The mains that burst in this slot: all of a city's districts are cold until the scenario ends."""
    for burst in city.scenarios:
        if burst.name == "heat-main-burst" and burst.begin // SLOT == slot:
            for district in city.districts or ("",):
                code = f"s{seed}-burst-{burst.begin}{district and '-' + district}"
                place = {"district": district} if district else {}
                yield from SUPPLY.outage(code, burst.begin, burst.end, place)


SYSTEM = System(SUPPLY.name, devices=_ORDINARY.devices, facts=_facts)
