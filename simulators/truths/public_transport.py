"""Annex 4, table 4, and row 16 of table 1."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.kpi import Added, Kpi, stated
from simulators.truths.surveys import satisfaction

_TRANSPORT: Final = ("public-transport",)
_TRIP: Final = "public-transport.trip-completed"
_CANCELLED: Final = "public-transport.trip-cancelled"
_STOP: Final = "public-transport.stop-served"
_FARES: Final = "public-transport.fares-collected"
_ACCIDENT: Final = "public-transport.accident-occurred"

PASSENGERS: Final = Added(_FARES, amount=lambda e: int(e.data["passengers"]))
"""Everybody carried."""
_CASHLESS: Final = Added(_FARES, amount=lambda e: int(e.data["cashless"]))
_CASH: Final = Added(_FARES, amount=lambda e: int(e.data["cash"]))
_INTERVALS: Final = Added(
    _STOP,
    when=lambda e: e.data.get("previous_at") is not None,
    amount=lambda e: e.at("departed_at") - e.at("previous_at"),
)

KPIS: Final[Mapping[str, Kpi]] = {
    "1.16": Kpi(
        shape="mean",
        change="growth",
        numerator=(Added(_TRIP, amount=lambda e: e.at("ended_at") - e.at("started_at")),),
        sources=_TRANSPORT,
    ),
    "4.1": Kpi(shape="mean", numerator=(_INTERVALS,), scale=2 * 60_000, sources=_TRANSPORT),
    "4.2": Kpi(
        shape="share",
        numerator=(Added(_TRIP, when=lambda e: bool(e.data["on_schedule"])),),
        denominator=(Added(_TRIP), Added(_CANCELLED)),
        sources=_TRANSPORT,
    ),
    "4.3": Kpi(shape="sum", numerator=(PASSENGERS,), sources=_TRANSPORT),
    "4.4": Kpi(shape="latest", numerator=(stated("transport_integrations"),), sources=_TRANSPORT),
    "4.5": Kpi(shape="share", numerator=(_CASHLESS,), denominator=(_CASHLESS, _CASH), sources=_TRANSPORT),
    "4.6": satisfaction("transport", "public-transport"),
    "4.7": Kpi(
        shape="ratio",
        numerator=(Added(_ACCIDENT, when=lambda e: bool(e.data["kind"] == "accident")),),
        denominator=(PASSENGERS,),
        scale=Fraction(1, 1_000_000),
        sources=_TRANSPORT,
    ),
}
