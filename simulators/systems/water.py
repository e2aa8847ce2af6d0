"""Water: read by hand more often than not, and repaired slowly."""

from __future__ import annotations

from schemas.catalogue import Category
from simulators.metering import Supply

SUPPLY = Supply(
    name="water",
    unit="consumption_l",
    monthly=7_500,
    winter=0.85,
    outages=6,
    restored_min={Category.REPUBLICAN: 36, Category.REGIONAL: 52, Category.DISTRICT: 150},
    automatic={Category.REPUBLICAN: 0.83, Category.REGIONAL: 0.52, Category.DISTRICT: 0.41},
    smart={Category.REPUBLICAN: 0.71, Category.REGIONAL: 0.44, Category.DISTRICT: 0.38},
    connected=0.048,
    liked={Category.REPUBLICAN: 8.7, Category.REGIONAL: 7.3, Category.DISTRICT: 6.6},
)
SYSTEM = SUPPLY.system
