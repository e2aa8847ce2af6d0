"""Violations of the traffic rules: recorded, judged, notified, fined, and paid or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE
from simulators.systems.video.places import ENFORCEMENT, NAME, cameras

TERM_DAYS: Final = 15
LONGEST_LIFE: Final = 30 * DAY
_PER_VEHICLE: Final = {Category.REPUBLICAN: 0.024, Category.REGIONAL: 0.027, Category.DISTRICT: 0.02}
"""Violations recorded in 30 days, per registered vehicle."""
_KINDS: Final = {"speeding": 62, "red-light": 9, "stop-line": 8, "lane": 9, "parking": 5, "seat-belt": 4, "phone": 3}
_FALSE: Final = {Category.REPUBLICAN: 0.008, Category.REGIONAL: 0.031, Category.DISTRICT: 0.04}
_AUTOMATIC: Final = {Category.REPUBLICAN: 0.92, Category.REGIONAL: 0.66, Category.DISTRICT: 0.45}
_JUDGED_MIN: Final = {"system": 3.0, "inspector": 24.0}
_PAID: Final = {Category.REPUBLICAN: 0.9, Category.REGIONAL: 0.78, Category.DISTRICT: 0.66}
"""Share of the fines that are paid at all; most of them in time."""
_TIYN: Final = {"speeding": 3_932_000, "red-light": 3_932_000, "parking": 1_966_000}
_OTHER_TIYN: Final = 1_966_000


def in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """Everything that comes of the violations recorded in this slot, in no particular order."""
    a_day = _PER_VEHICLE[city.category] * city.vehicles / 30
    for case in begun(seed, city, "violation", slot, a_day, night=0.2):
        kind = pick(case.rng, _KINDS)
        common = {"violation": case.code, "recorded_at": case.begun}
        yield _recorded(city, case, kind, common)
        yield from _judged(seed, city, case, kind, common)


def _recorded(city: City, case: Case, kind: str, common: Mapping[str, Any]) -> Fact:
    rng = case.rng
    data = {**common, **placed(rng, city), "camera": rng.choice(cameras(city)), "kind": kind, "plate": _plate(rng)}
    if kind == "speeding":
        data |= {"limit_mm_s": 16_667, "speed_mm_s": 16_667 + around(rng, 4_000, 0.6)}
    return Fact(case.begun, f"{case.code}-recorded", data["camera"], "video.violation-recorded", data, NAME)


def _judged(seed: int, city: City, case: Case, kind: str, common: Mapping[str, Any]) -> Iterator[Fact]:
    rng = case.rng
    by = "system" if rng.random() < _AUTOMATIC[city.category] else "inspector"
    quality = rhythm.day(seed, city, case.begun // DAY).quality
    at = case.begun + min(around(rng, _JUDGED_MIN[by] * MINUTE / quality, 0.5), 6 * HOUR)
    outcome = "false" if rng.random() < _FALSE[city.category] else "confirmed"
    data = {**common, "processed_at": at, "by": by, "outcome": outcome}
    yield Fact(at, f"{case.code}-processed", ENFORCEMENT, "video.violation-processed", data, NAME)
    if outcome == "confirmed":
        sent = at + rng.randrange(10_000, 5 * MINUTE)
        notice = {**common, "sent_at": sent, "channel": pick(rng, {"app": 70, "sms": 20, "post": 10})}
        yield Fact(sent, f"{case.code}-notice", ENFORCEMENT, "video.notice-sent", notice, NAME)
        yield from _fined(city, case, kind, sent)


def _fined(city: City, case: Case, kind: str, imposed: int) -> Iterator[Fact]:
    rng, amount = case.rng, _TIYN.get(kind, _OTHER_TIYN)
    due = imposed + TERM_DAYS * DAY
    fine = {"fine": f"{case.code}-fine", "imposed_at": imposed, "due_at": due}
    imposed_data = {**fine, "violation": case.code, "amount_tiyn": amount}
    yield Fact(imposed, f"{case.code}-fine", ENFORCEMENT, "video.fine-imposed", imposed_data, NAME)
    if rng.random() < _PAID[city.category]:
        paid = imposed + min(around(rng, 6 * DAY, 0.6), LONGEST_LIFE - DAY)
        # Within seven days half the sum settles it.
        settled = amount // 2 if paid <= imposed + 7 * DAY else amount
        data = {**fine, "paid_at": paid, "amount_tiyn": settled}
        yield Fact(paid, f"{case.code}-paid", ENFORCEMENT, "video.fine-paid", data, NAME)


def _plate(rng: Random) -> str:
    letters = "".join(rng.choice("ABCDEFHKLMNOPRSTUVXYZ") for _ in range(3))
    return f"{rng.randrange(1, 1000):03}{letters}{rng.randrange(1, 21):02}"
