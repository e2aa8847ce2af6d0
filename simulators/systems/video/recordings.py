"""The archive: recordings are stored, and gone through by analytics, by people, or by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from schemas.catalogue import Category
from simulators.cases import around, begun
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import HOUR, MINUTE
from simulators.systems.video.places import ARCHIVE, NAME, cameras

LENGTH: Final = HOUR
LONGEST_LIFE: Final = 8 * HOUR
_BY: Final = {Category.REPUBLICAN: 0.91, Category.REGIONAL: 0.74}
"""Share of the recordings that analytics go through; of the others a person looks at half."""


def in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """Everything that comes of the recordings that end in this slot, in no particular order."""
    if city.category is Category.DISTRICT:
        return
    for case in begun(seed, city, "recording", slot, 60 * city.volume, night=1.0):
        rng = case.rng
        stored = {"recording": case.code, "camera": rng.choice(cameras(city))}
        stored_data = {**stored, "begun_at": case.begun - LENGTH, "ended_at": case.begun}
        yield Fact(case.begun, f"{case.code}-stored", ARCHIVE, "video.recording-stored", stored_data, NAME)
        by = "analytics" if rng.random() < _BY[city.category] else "operator"
        if by == "analytics" or rng.random() < 0.5:
            at = case.begun + min(around(rng, (5 if by == "analytics" else 120) * MINUTE), LONGEST_LIFE)
            data = {"recording": case.code, "ended_at": case.begun, "analysed_at": at, "by": by}
            yield Fact(at, f"{case.code}-analysed", ARCHIVE, "video.recording-analysed", data, NAME)
