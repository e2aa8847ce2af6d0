"""Video monitoring of public places: an incident is noticed, checked, and taken on by a service.

District centres have none (annex 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE
from simulators.systems.video.places import MONITORING, NAME, cameras

LONGEST_LIFE: Final = 8 * HOUR
_KINDS: Final = {
    "fight": 14, "crowd": 20, "abandoned-object": 16, "intrusion": 12, "vandalism": 9, "traffic-accident": 17,
    "smoke": 4, "wanted": 3, "other": 5,
}  # fmt: skip
_SERVICES: Final = {"traffic-accident": "traffic-police", "smoke": "fire-service"}
_FALSE: Final = {Category.REPUBLICAN: 0.02, Category.REGIONAL: 0.06}
_MINUTES: Final = {Category.REPUBLICAN: 11.0, Category.REGIONAL: 13.0}
"""Median time until a service takes an incident on."""


def in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """Everything that comes of the incidents noticed in this slot, in no particular order."""
    if city.category is Category.DISTRICT:
        return
    for case in begun(seed, city, "sighting", slot, 13 * city.volume, night=0.6):
        rng = case.rng
        kind, camera = pick(rng, _KINDS), rng.choice(cameras(city))
        common = {"incident": case.code, "detected_at": case.begun}
        by = "analytics" if rng.random() < 0.8 else "operator"
        data = {**common, **placed(rng, city), "camera": camera, "kind": kind, "by": by}
        yield Fact(case.begun, f"{case.code}-detected", camera, "video.incident-detected", data, NAME)
        checked = case.begun + min(around(rng, 3 * MINUTE, 0.5), HOUR)
        outcome = "false" if rng.random() < _FALSE[city.category] else "confirmed"
        verdict = {**common, "verified_at": checked, "outcome": outcome}
        yield Fact(checked, f"{case.code}-verified", MONITORING, "video.incident-verified", verdict, NAME)
        if outcome == "confirmed" and rng.random() < 0.97:
            quality = rhythm.day(seed, city, case.begun // DAY).quality
            at = case.begun + min(around(rng, _MINUTES[city.category] * MINUTE / quality, 0.4), LONGEST_LIFE)
            taken = {**common, "responded_at": at, "service": _SERVICES.get(kind, "police")}
            yield Fact(at, f"{case.code}-responded", MONITORING, "video.incident-responded", taken, NAME)
