"""The truth of every KPI: one module per system says what is added up, `values.py` adds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths import contact_centre
from simulators.truths.kpi import Kpi

TRUTHS: Final[Mapping[str, Kpi]] = {code: kpi for module in (contact_centre,) for code, kpi in module.KPIS.items()}
"""By code."""
