"""Electricity: smart meters nearly everywhere, short outages."""

from __future__ import annotations

from schemas.catalogue import Category
from simulators.metering import Supply

SUPPLY = Supply(
    name="electricity",
    unit="consumption_wh",
    monthly=160_000,
    winter=1.4,
    outages=9,
    restored_min={Category.REPUBLICAN: 24, Category.REGIONAL: 70, Category.DISTRICT: 80},
    automatic={Category.REPUBLICAN: 0.94, Category.REGIONAL: 0.78, Category.DISTRICT: 0.34},
    smart={Category.REPUBLICAN: 0.86, Category.REGIONAL: 0.72, Category.DISTRICT: 0.45},
    connected=0.055,
    liked={Category.REPUBLICAN: 9.1, Category.REGIONAL: 7.9, Category.DISTRICT: 7.4},
)
SYSTEM = SUPPLY.system
