"""Annex 4, table 12, and the row of table 1 about what becomes of waste."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi
from simulators.truths.supply import complaints, stock_share
from simulators.truths.surveys import satisfaction

_SYSTEM: Final = ("waste",)


def _mass(load: Seen) -> int:
    return int(load.data["mass_kg"])


def _waited(container: Seen) -> int:
    return container.at("emptied_at") - container.at("filled_at")


def _of_all_waste(part: Added) -> Kpi:
    """A mass in percent of everything that was weighed."""
    weighed = Added("waste.load-weighed", amount=_mass, at="weighed_at")
    return Kpi(shape="ratio", numerator=(part,), denominator=(weighed,), scale=PERCENT, sources=_SYSTEM)


KPIS: Final[Mapping[str, Kpi]] = {
    "1.19": _of_all_waste(Added("waste.load-accepted", amount=_mass, at="accepted_at")),
    "12.1": _of_all_waste(
        Added(
            "waste.load-weighed",
            when=lambda e: bool(e.data["collection"] == "separate"),
            amount=_mass,
            at="weighed_at",
        )
    ),
    "12.2": _of_all_waste(
        Added(
            "waste.load-accepted",
            when=lambda e: e.data["use"] in ("recycled", "composted"),
            amount=_mass,
            at="accepted_at",
        )
    ),
    "12.3": complaints("refuse"),
    "12.4": stock_share("container_sites_monitored", "container_sites", "waste"),
    "12.5": Kpi(
        shape="mean",
        numerator=(
            Added(
                "waste.container-emptied",
                when=lambda e: e.data.get("filled_at") is not None,
                amount=_waited,
                at="emptied_at",
            ),
        ),
        scale=3_600_000,
        sources=_SYSTEM,
    ),
    "12.6": satisfaction("waste", "waste"),
}
