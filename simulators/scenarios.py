"""Extraordinary days of a simulated city, on demand: what the systems concerned make of them is theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from simulators.moments import DAY

ScenarioName = Literal["heat-main-burst", "smog", "call-overload"]
"""A heat main that bursts (in January); smog (for a week); a contact centre overrun by calls."""
SCENARIOS: Final[tuple[ScenarioName, ...]] = get_args(ScenarioName)

LASTS: Final[Mapping[ScenarioName, int]] = {"heat-main-burst": 2 * DAY, "smog": 7 * DAY, "call-overload": DAY}
"""How long each lasts, in ms."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something out of the ordinary; begin and end in ms since 1970, end excluded."""

    name: ScenarioName
    begin: int
    end: int
