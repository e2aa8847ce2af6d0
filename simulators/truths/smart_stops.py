"""Annex 4, table 8."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.complaints import complaints
from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.public_transport import PASSENGERS
from simulators.truths.surveys import satisfaction

_STOPS: Final = ("smart-stops",)
_WAITS: Final = Added(
    "smart-stops.vehicle-arrived",
    when=lambda e: e.data.get("waiting_since_at") is not None,
    amount=lambda e: e.at("arrived_at") - e.at("waiting_since_at"),
)


def _share_of_stops(name: str) -> Kpi:
    return Kpi(shape="latest", numerator=(stated(name),), base=(stated("stops"),), scale=PERCENT, sources=_STOPS)


KPIS: Final[Mapping[str, Kpi]] = {
    "8.1": _share_of_stops("stops_smart"),
    "8.2": Kpi(shape="mean", numerator=(_WAITS,), scale=60_000, sources=_STOPS),
    "8.3": _share_of_stops("stops_with_display"),
    "8.4": _share_of_stops("stops_with_wifi"),
    "8.5": Kpi(
        shape="ratio",
        numerator=(complaints("stops"),),
        denominator=(PASSENGERS,),
        scale=Fraction(1, 1000),
        sources=("contact-centre", "public-transport"),
    ),
    "8.6": satisfaction("stops", "smart-stops"),
    "8.7": _share_of_stops("stops_with_video"),
}
