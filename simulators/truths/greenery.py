"""Annex 4, table 11."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.moments import DAY
from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi
from simulators.truths.supply import complaints, stock_share
from simulators.truths.surveys import satisfaction

_SYSTEM: Final = ("greenery",)


def _check_due(planting: Seen) -> int:
    """A year after planting."""
    return planting.at("planted_at") + 365 * DAY


KPIS: Final[Mapping[str, Kpi]] = {
    "11.1": stock_share("green_m2", "city_m2", "greenery"),
    "11.2": Kpi(
        shape="sum",
        numerator=(Added("greenery.trees-planted", amount=lambda e: int(e.data["trees"]), at="planted_at"),),
        sources=_SYSTEM,
    ),
    "11.3": Kpi(
        shape="ratio",
        cohort=True,
        numerator=(Added("greenery.planting-checked", amount=lambda e: int(e.data["surviving"]), at=_check_due),),
        denominator=(Added("greenery.trees-planted", amount=lambda e: int(e.data["trees"]), at=_check_due),),
        scale=PERCENT,
        sources=_SYSTEM,
    ),
    "11.4": stock_share("green_irrigated_m2", "green_m2", "greenery"),
    "11.5": complaints("greenery"),
    "11.6": satisfaction("greenery", "greenery"),
}
