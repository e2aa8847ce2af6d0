"""Every system that can be simulated: one module each, with its `SYSTEM`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.system import System
from simulators.systems import (
    contact_centre,
    education,
    emergency,
    fire_safety,
    housing,
    public_safety,
    situation_centre,
    video,
)

SYSTEMS: Final[Mapping[str, System]] = {
    module.SYSTEM.name: module.SYSTEM
    for module in (
        situation_centre,
        contact_centre,
        video,
        fire_safety,
        emergency,
        public_safety,
        housing,
        education,
    )
}
"""By name, in the order of annex 2; then the departments."""
