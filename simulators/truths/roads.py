"""Annex 4, table 7. Lengths are in metres."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.supply import complaints
from simulators.truths.surveys import satisfaction

_ROADS: Final = ("roads",)
_LENGTH: Final = stated("roads_m")


def _share_of_length(name: str) -> Kpi:
    return Kpi(shape="latest", numerator=(stated(name),), base=(_LENGTH,), scale=PERCENT, sources=_ROADS)


KPIS: Final[Mapping[str, Kpi]] = {
    "7.1": _share_of_length("roads_good_m"),
    "7.2": Kpi(
        shape="ratio",
        numerator=(Added("roads.defect-found"),),
        base=(_LENGTH,),
        scale=Fraction(1, 100_000),
        sources=_ROADS,
    ),
    "7.3": Kpi(
        shape="mean",
        numerator=(Added("roads.defect-repaired", amount=lambda e: e.at("repaired_at") - e.at("found_at")),),
        scale=86_400_000,
        sources=_ROADS,
    ),
    "7.4": _share_of_length("roads_monitored_m"),
    "7.5": complaints("roads"),
    "7.6": satisfaction("roads", "roads"),
    "7.7": _share_of_length("roads_repair_planned_m"),
}
