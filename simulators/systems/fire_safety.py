"""Fire safety of sites vulnerable to terrorism: calls from sensors, buttons and telephones, crews, notifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "fire-safety"
DISPATCH: Final = "dispatch-1"
NOTIFIER: Final = "notifier-1"
REGISTER: Final = "sensor-register"
SURVEYS: Final = "survey-1"
_LONGEST_LIFE: Final = 12 * HOUR
_ORIGINS: Final = {"sensor": 70, "button": 12, "phone": 18}
_CHANNELS: Final = {"siren": 20, "voice": 25, "sms": 30, "app": 25}


class _Service(NamedTuple):
    departure: float
    """Median minutes from the call to the departure of the crew."""
    norm: int
    """Minutes."""
    false: float
    automatic: float
    repeated: float
    equipped: float
    score: float


_SERVICES: Final = {
    Category.REPUBLICAN: _Service(4.9, 9, 0.008, 0.77, 0.03, 0.91, 9.1),
    Category.REGIONAL: _Service(5.6, 11, 0.05, 0.66, 0.04, 0.64, 7.6),
    Category.DISTRICT: _Service(8.0, 16, 0.035, 0.2, 0.14, 0.45, 6.8),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _calls(seed, city, slot), life=_LONGEST_LIFE),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _sites(city: City) -> int:
    return 4 + round(320 * city.volume)


def sites(city: City) -> list[str]:
    """The sites that can call."""
    return [_site(number) for number in range(_sites(city))]


def _site(number: int) -> str:
    return f"site-{number}"


def _calls(seed: int, city: City, slot: int) -> Iterator[Fact]:
    service = _SERVICES[city.category]
    for case in begun(seed, city, "alarm", slot, 2 + 36 * city.volume, night=0.5):
        rng = case.rng
        call = {"call": case.code, "received_at": case.begun}
        due = {**call, "due_at": case.begun + service.norm * MINUTE}
        data: dict[str, Any] = {**due, **placed(rng, city), "origin": pick(rng, _ORIGINS)}
        data["site"] = _site(rng.randrange(_sites(city)))
        if rng.random() < service.repeated:
            data["repeat_of"] = f"{case.code}-before"
        yield Fact(case.begun, f"{case.code}-received", DISPATCH, "fire-safety.call-received", data, NAME)
        yield from _course(seed, city, case, call, due)


def _course(seed: int, city: City, case: Case, call: dict[str, Any], due: dict[str, Any]) -> Iterator[Fact]:
    rng, service = case.rng, _SERVICES[city.category]
    yield from _notifications(case, service)
    quality = rhythm.quality(seed, city, NAME, case.begun, due)
    left = case.begun + min(around(rng, service.departure * MINUTE / quality), HOUR)
    if rng.random() < 0.99:
        departed = {**due, "departed_at": left}
        yield Fact(left, f"{case.code}-departed", DISPATCH, "fire-safety.crew-departed", departed, NAME)
    closed = left + min(around(rng, 55 * MINUTE, 0.5), _LONGEST_LIFE - HOUR)
    outcome = "false" if rng.random() < service.false else "confirmed"
    data = {**call, "closed_at": closed, "outcome": outcome}
    yield Fact(closed, f"{case.code}-closed", DISPATCH, "fire-safety.call-closed", data, NAME)


def _notifications(case: Case, service: _Service) -> Iterator[Fact]:
    for number in range(1 + case.rng.randrange(6)):
        by = "system" if case.rng.random() < service.automatic else "operator"
        at = case.begun + around(case.rng, 2_000 if by == "system" else 3 * MINUTE)
        code = f"{case.code}-notification-{number}"
        data = {"notification": code, "call": case.code, "channel": pick(case.rng, _CHANNELS), "sent_at": at, "by": by}
        yield Fact(at, code, NOTIFIER, "fire-safety.notification-sent", data, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "survey", slot, 2 + 12 * city.volume):
        score = min(10, max(1, round(case.rng.gauss(_SERVICES[city.category].score, 1.2))))
        data = {**placed(case.rng, city), "survey": "fire_safety", "score": score, "answered_at": case.begun}
        yield Fact(case.begun, case.code, SURVEYS, "reference.survey-answered", data, NAME)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    sites = _sites(city)
    equipped = grown(_SERVICES[city.category].equipped * sites, 0.1, day, at_most=sites)
    totals = {"vulnerable_sites": sites, "vulnerable_sites_with_sensors": equipped}
    return stated(seed, NAME, REGISTER, day, totals)


SYSTEM = System(NAME, devices=lambda _city: (DISPATCH, NOTIFIER, REGISTER, SURVEYS), facts=_facts)
