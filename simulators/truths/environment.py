"""Annex 4, table 1, row 17: which (station, pollutant, averaging period) kept its norm all week."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.kpi import Added, Kpi

_MEASURED: Final = "environment.air-measured"

KPIS: Final[Mapping[str, Kpi]] = {
    "1.17": Kpi(
        shape="share",
        per=lambda e: (e.data["station"], e.data["pollutant"], e.data["averaging"]),
        numerator=(
            Added(_MEASURED, when=lambda e: e.data["concentration_ng_m3"] <= e.data["norm_ng_m3"], at="begun_at"),
        ),
        denominator=(Added(_MEASURED, at="begun_at"),),
        sources=("environment",),
    )
}
