"""Annex 4, table 1, row 21: what public institutions' buildings save from one year to the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.kpi import Added, Kpi

KPIS: Final[Mapping[str, Kpi]] = {
    "1.21": Kpi(
        shape="sum",
        change="fall",
        numerator=(Added("energy.consumption-metered", amount=lambda e: int(e.data["consumption_wh"]), at="begun_at"),),
        sources=("energy",),
    )
}
