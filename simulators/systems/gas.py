"""Gas: a young network with new meters; an accident is rare and quickly dealt with."""

from __future__ import annotations

from schemas.catalogue import Category
from simulators.metering import Supply

SUPPLY = Supply(
    name="gas",
    unit="consumption_l",
    monthly=18_000,
    winter=9.0,
    outages=3,
    restored_min={Category.REPUBLICAN: 22, Category.REGIONAL: 41, Category.DISTRICT: 95},
    automatic={Category.REPUBLICAN: 0.91, Category.REGIONAL: 0.73, Category.DISTRICT: 0.47},
    smart={Category.REPUBLICAN: 0.93, Category.REGIONAL: 0.77, Category.DISTRICT: 0.36},
    connected=0.021,
    liked={Category.REPUBLICAN: 9.3, Category.REGIONAL: 8.3, Category.DISTRICT: 7.6},
)
SYSTEM = SUPPLY.system
