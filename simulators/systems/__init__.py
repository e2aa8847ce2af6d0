"""Every system that can be simulated: one module each, with its `SYSTEM`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from simulators import sensors
from simulators.cities import City
from simulators.facts import Fact
from simulators.streams import merged
from simulators.system import System
from simulators.systems import (
    contact_centre,
    education,
    electricity,
    emergency,
    energy,
    environment,
    fire_safety,
    gas,
    greenery,
    heat,
    housing,
    parking,
    public_safety,
    public_transport,
    roads,
    settlement_centre,
    situation_centre,
    smart_stops,
    traffic,
    video,
    waste,
    water,
)

_MODULES: Final = (
    situation_centre,
    contact_centre,
    settlement_centre,
    public_transport,
    parking,
    traffic,
    roads,
    smart_stops,
    video,
    fire_safety,
    greenery,
    waste,
    electricity,
    water,
    heat,
    gas,
    emergency,
    public_safety,
    environment,
    housing,
    education,
    energy,
)


def _with_sensors(system: System) -> System:
    """What its sensors read besides; of the memory days, where no KPI reads them, they are not asked."""
    name, own, known = system.name, system.facts, system.devices

    def facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
        return merged((own(seed, city, begin, end), sensors.facts(name, seed, city, begin, end)))

    def devices(city: City) -> tuple[str, ...]:
        return (*known(city), *sensors.names(name, city))

    recalled = system.recalled or (own if system.memory_days else None)
    return replace(system, facts=facts, devices=devices, recalled=recalled)


_WITH_SENSORS: Final = frozenset(sort.system for sort in sensors.SORTS)
SYSTEMS: Final[Mapping[str, System]] = {
    module.SYSTEM.name: _with_sensors(module.SYSTEM) if module.SYSTEM.name in _WITH_SENSORS else module.SYSTEM
    for module in _MODULES
}
"""By name, in the order of annex 2; then the departments."""
