"""The truth of every KPI: one module per system says what is added up, `values.py` adds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths import contact_centre, fire_safety, situation_centre, video
from simulators.truths.kpi import Kpi

_MODULES: Final = (
    situation_centre,
    contact_centre,
    video,
    fire_safety,
)
TRUTHS: Final[Mapping[str, Kpi]] = {code: kpi for module in _MODULES for code, kpi in module.KPIS.items()}
"""By code."""
