"""Annex 4, table 5."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.complaints import complaints
from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.surveys import satisfaction

_PARKING: Final = ("parking",)
_OCCUPANCY: Final = "parking.occupancy-observed"
_PARKED: Final = "parking.car-parked"
_PAID: Final = "parking.parking-paid"

KPIS: Final[Mapping[str, Kpi]] = {
    "5.1": Kpi(
        shape="latest",
        numerator=(stated("car_parks_automated"),),
        base=(stated("car_parks"),),
        scale=PERCENT,
        sources=_PARKING,
    ),
    "5.2": Kpi(
        shape="ratio",
        numerator=(Added(_OCCUPANCY, amount=lambda e: int(e.data["occupied"])),),
        denominator=(Added(_OCCUPANCY, amount=lambda e: int(e.data["places"])),),
        scale=PERCENT,
        sources=_PARKING,
    ),
    "5.3": Kpi(
        shape="mean",
        numerator=(Added(_PARKED, amount=lambda e: e.at("parked_at") - e.at("entered_at")),),
        scale=60_000,
        sources=_PARKING,
    ),
    "5.4": Kpi(
        shape="share",
        numerator=(Added(_PAID, when=lambda e: bool(e.data["channel"] == "online")),),
        denominator=(Added(_PAID),),
        sources=_PARKING,
    ),
    "5.5": Kpi(
        shape="ratio",
        numerator=(complaints("parking"),),
        denominator=(Added(_PARKED),),
        scale=PERCENT,
        sources=("contact-centre", "parking"),
    ),
    "5.6": satisfaction("parking", "parking"),
    "5.7": Kpi(
        shape="ratio",
        numerator=(Added("parking.violation-recorded"),),
        base=(stated("parking_places"),),
        scale=Fraction(1, 1000),
        sources=_PARKING,
    ),
}
