"""Annex 4, table 13."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.kpi import Kpi
from simulators.truths.supply import supply

KPIS: Final[Mapping[str, Kpi]] = supply(13, "electricity", "electricity")
