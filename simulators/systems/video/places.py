"""Who reports in the video system of a simulated city."""

from __future__ import annotations

from typing import Final

from simulators.cities import City

NAME: Final = "video"
ENFORCEMENT: Final = "enforcement"
MONITORING: Final = "monitoring"
ARCHIVE: Final = "archive"
REGISTER: Final = "camera-register"


def cameras(city: City) -> tuple[str, ...]:
    """The cameras that send; they watch roads and public places alike."""
    return tuple(f"camera-{number}" for number in range(1, 3 + round(40 * city.volume)))
