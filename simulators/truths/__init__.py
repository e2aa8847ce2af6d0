"""The truth of every KPI: one module per system says what is added up, `values.py` adds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths import (
    contact_centre,
    electricity,
    energy,
    environment,
    fire_safety,
    gas,
    greenery,
    heat,
    parking,
    public_transport,
    roads,
    settlement_centre,
    situation_centre,
    smart_stops,
    traffic,
    video,
    waste,
    water,
)
from simulators.truths.kpi import Kpi

_MODULES: Final = (
    situation_centre,
    contact_centre,
    settlement_centre,
    public_transport,
    parking,
    traffic,
    roads,
    smart_stops,
    video,
    fire_safety,
    greenery,
    waste,
    electricity,
    water,
    heat,
    gas,
    environment,
    energy,
)
TRUTHS: Final[Mapping[str, Kpi]] = {code: kpi for module in _MODULES for code, kpi in module.KPIS.items()}
"""By code."""
