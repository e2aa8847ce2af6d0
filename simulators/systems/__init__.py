"""Every system that can be simulated: one module each, with its `SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

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
SYSTEMS: Final[Mapping[str, System]] = {module.SYSTEM.name: module.SYSTEM for module in _MODULES}
"""By name, in the order of annex 2; then the departments."""
