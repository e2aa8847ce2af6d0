"""The settlement centre: charges, payments in time, late or in parts or never, and charges that were wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE, milliseconds, moment
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "settlement-centre"
BILLING: Final = "billing-1"
TERM_DAYS: Final = 10
_LONGEST_LIFE: Final = 27 * DAY
_SERVICES: Final = {"heat": 24, "electricity": 24, "water": 20, "gas": 8, "waste": 12, "maintenance": 12}
_CHANNELS: Final = {"app": 58, "bank": 22, "terminal": 12, "cash_desk": 8}
_IN_PARTS: Final = 0.04


class _Centre(NamedTuple):
    in_time: float
    never: float
    crediting: float
    """Median minutes from receipt to crediting."""
    automated: float
    wrong: float
    score: float


_CENTRES: Final = {
    Category.REPUBLICAN: _Centre(0.985, 0.004, 24, 0.92, 0.008, 8.8),
    Category.REGIONAL: _Centre(0.94, 0.015, 55, 0.73, 0.024, 7.7),
    Category.DISTRICT: _Centre(0.925, 0.03, 170, 0.44, 0.03, 7.1),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _charges(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
        )
    )


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _CENTRES[city.category].score, subject="settlement")


def _charges(seed: int, city: City, slot: int) -> Iterator[Fact]:
    centre = _CENTRES[city.category]
    for case in begun(seed, city, "charge", slot, 190 * city.volume):
        rng = case.rng
        common = {**placed(rng, city), "charge": case.code, "account": f"{city.code}-{rng.randrange(10**7):07}"}
        amount = 100 * around(rng, 6_500)
        due = _end_of_day(city, case.begun + TERM_DAYS * DAY)
        data = {**common, "service": pick(rng, _SERVICES), "amount_tiyn": amount, "charged_at": case.begun}
        data |= {"due_at": due, "automated": _by_itself(rng.random(), centre)}
        yield Fact(case.begun, f"{case.code}-issued", BILLING, "settlement-centre.charge-issued", data, NAME)
        if rng.random() >= centre.never:
            yield from _paid(seed, city, case, {**common, "due_at": due}, amount)
        if rng.random() < centre.wrong:
            yield from _corrected(case, common, amount, centre)


def _paid(seed: int, city: City, case: Case, common: dict[str, Any], amount: int) -> Iterator[Fact]:
    rng, centre, due = case.rng, _CENTRES[city.category], common["due_at"]
    quality = rhythm.quality(seed, city, NAME, case.begun, common)
    first = rng.randrange(HOUR, due - case.begun)
    if rng.random() >= centre.in_time ** (1 / quality):
        first = due - case.begun + min(around(rng, 3 * DAY, 0.7), 14 * DAY)
    parts = [amount]
    if rng.random() < _IN_PARTS and amount > 1000:
        parts = [amount // 3, amount - amount // 3]
    for number, part in enumerate(parts, start=1):
        received = case.begun + first - (len(parts) - number) * HOUR // 2
        credited = received + min(around(rng, centre.crediting * MINUTE / quality, 0.6), DAY)
        code = f"{case.code}-payment-{number}"
        data = {**common, "payment": code, "amount_tiyn": part, "channel": pick(rng, _CHANNELS)}
        data |= {"settles": number == len(parts), "received_at": received, "credited_at": credited}
        data["automated"] = _by_itself(rng.random(), centre)
        yield Fact(credited, code, BILLING, "settlement-centre.payment-credited", data, NAME)


def _corrected(case: Case, common: dict[str, Any], amount: int, centre: _Centre) -> Iterator[Fact]:
    rng = case.rng
    at = case.begun + min(around(rng, 4 * DAY, 0.5), 25 * DAY)
    data = {**common, "found_by": pick(rng, {"request": 65, "own_check": 35}), "charged_tiyn": amount}
    data |= {"right_tiyn": amount * rng.randrange(50, 90) // 100, "charged_at": case.begun, "corrected_at": at}
    data["automated"] = _by_itself(rng.random() + 0.3, centre)
    yield Fact(at, f"{case.code}-corrected", BILLING, "settlement-centre.charge-corrected", data, NAME)


def _by_itself(drawn: float, centre: _Centre) -> bool:
    return drawn < centre.automated


def _end_of_day(city: City, ms: int) -> int:
    local = moment(ms).astimezone(ZoneInfo(city.timezone))
    return milliseconds(local.replace(hour=23, minute=59, second=59, microsecond=999_000))


SYSTEM = System(
    NAME, devices=lambda _city: (BILLING, surveys.DEVICE), facts=_facts, over_http=True, memory_days=TERM_DAYS + 1
)
"""So that charges that fall due in a simulated range were issued in it."""
