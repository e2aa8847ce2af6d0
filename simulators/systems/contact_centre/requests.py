"""Residents' requests: registered with a norm term, resolved at once, handed on, late, repeated, or never closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, Final, NamedTuple

from simulators import rhythm
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, MINUTE, moment
from simulators.rhythm import SLOT

NAME: Final = "contact-centre"
REGISTRY: Final = "crm-1"
SURVEYS: Final = "survey-1"
LONGEST_TERM: Final = 5 * DAY
LONGEST_LIFE: Final = 12 * DAY
"""From registration to the last fact of a request."""

_KINDS: Final = {"incident": 45, "inquiry": 30, "complaint": 15, "proposal": 10}
_CHANNELS: Final = {"phone": 60, "app": 20, "messenger": 12, "web": 6, "visit": 2}


class _Category(NamedTuple):
    weight: int
    term: int
    service: str


_CATEGORIES: Final[Mapping[str, _Category]] = {
    "water-supply": _Category(13, DAY, "water-utility"),
    "heating": _Category(15, DAY, "heat-utility"),
    "electricity": _Category(11, DAY, "power-grid"),
    "gas": _Category(5, DAY, "gas-utility"),
    "lift": _Category(6, DAY, "housing-inspection"),
    "refuse": _Category(13, 3 * DAY, "municipal-waste"),
    "street-lighting": _Category(8, 3 * DAY, "city-lighting"),
    "parking": _Category(3, 3 * DAY, "parking-operator"),
    "stops": _Category(2, 3 * DAY, "transport-department"),
    "air": _Category(1, 3 * DAY, "ecology-department"),
    "roads": _Category(12, LONGEST_TERM, "road-service"),
    "yards": _Category(7, LONGEST_TERM, "landscaping"),
    "greenery": _Category(4, LONGEST_TERM, "green-service"),
}
"""What requests are about. KPIs 5.5, 7.5, 8.5, 11.5, 12.3, 13.4, 14.4, 15.4 and 16.4 count complaints by these."""
_SUMMER: Final = (5, 6, 7, 8, 9)
_COLD_HOMES: Final = 6
"""So many times as often do people call about heating while a heat main is burst …"""
_BAD_AIR: Final = 25
"""… and about the air in a week of smog."""


class _Request(NamedTuple):
    seed: int
    city: City
    code: str
    kind: str
    category: _Category
    registered: int
    common: Mapping[str, Any]


def count_in(seed: int, city: City, slot: int) -> int:
    """How many requests are registered in a slot."""
    mean = city.rates.requests * SLOT / DAY * rhythm.intensity(seed, city, slot)
    return rhythm.poisson(rhythm.generator(seed, city.code, "request-count", slot), mean)


def in_slot(seed: int, city: City, slot: int) -> Iterator[Fact]:
    """Everything that comes of the requests registered in this slot, in no particular order."""
    rng = rhythm.generator(seed, city.code, "requests", slot)
    weights = _weights(city, slot * SLOT)
    for number in range(count_in(seed, city, slot)):
        yield from _request(seed, city, rng, slot, number, _pick(rng, weights))


def _weights(city: City, ms: int) -> dict[str, int]:
    """How much people call about each category at this moment: nobody about heating in summer."""
    weights = {name: category.weight for name, category in _CATEGORIES.items()}
    if moment(ms).month in _SUMMER:
        weights["heating"] = 0
    if city.suffers("heat-main-burst", ms):
        weights["heating"] *= _COLD_HOMES
    if city.suffers("smog", ms):
        weights["air"] *= _BAD_AIR
    return weights


def _request(seed: int, city: City, rng: Random, slot: int, number: int, name: str) -> Iterator[Fact]:
    code = _code(seed, slot, number)
    kind = _pick(rng, _KINDS)
    category = _CATEGORIES[name]
    registered = slot * SLOT + rng.randrange(SLOT)
    common: dict[str, Any] = {"request": code, "registered_at": registered, "due_at": registered + category.term}
    if city.districts:
        common["district"] = rng.choice(city.districts)
    data = {**common, "kind": kind, "category": name, "channel": _pick(rng, _CHANNELS)}
    if kind == "complaint" and rng.random() < city.rates.repeated:
        earlier = slot - rng.randrange(6 * HOUR // SLOT, LONGEST_TERM // SLOT)
        if count := count_in(seed, city, earlier):
            data["repeat_of"] = _code(seed, earlier, rng.randrange(count))
    yield Fact(registered, f"{code}-registered", REGISTRY, "contact-centre.request-registered", data, NAME)
    yield from _course(_Request(seed, city, code, kind, category, registered, common), rng)


def _course(request: _Request, rng: Random) -> Iterator[Fact]:
    """What follows registration."""
    rates, registered = request.city.rates, request.registered
    quality = rhythm.quality(request.seed, request.city, NAME, registered, request.common)
    at_once = rates.first_contact_incident if request.kind == "incident" else rates.first_contact
    if rng.random() < at_once * quality:
        yield from _resolved(request, rng, registered + rng.randrange(MINUTE // 2, 12 * MINUTE), first_contact=True)
        return
    service = None
    if rng.random() < rates.forwarded:
        service = request.category.service
        yield from _forwarded(request, rng, service)
    if rng.random() >= rates.unresolved:
        took = rates.pace / quality * rng.lognormvariate(0, 0.5) * request.category.term
        end = registered + max(2 * HOUR, min(int(took), LONGEST_LIFE - 2 * DAY))
        yield from _resolved(request, rng, end, first_contact=False, service=service)


def _forwarded(request: _Request, rng: Random, service: str) -> Iterator[Fact]:
    at = request.registered
    for attempt in range(1, 3 if rng.random() < 0.12 else 2):
        at += rng.randrange(MINUTE, HOUR)
        data = {**request.common, "forwarded_at": at, "service": service, "attempt": attempt}
        yield Fact(at, f"{request.code}-forwarded-{attempt}", REGISTRY, "contact-centre.request-forwarded", data, NAME)


def _resolved(
    request: _Request, rng: Random, at: int, *, first_contact: bool, service: str | None = None
) -> Iterator[Fact]:
    data = {**request.common, "kind": request.kind, "resolved_at": at, "first_contact": first_contact}
    if service:
        data["service"] = service
    yield Fact(at, f"{request.code}-resolved", REGISTRY, "contact-centre.request-resolved", data, NAME)
    if rng.random() < 0.25:
        late = at > request.registered + request.category.term
        mean = 5 * request.city.rates.satisfaction * (0.75 if late else 1.0)
        score = min(5, max(1, round(rng.gauss(mean, 1.0))))
        asked = at + rng.randrange(HOUR, DAY)
        survey = {
            "survey": "request_closed",
            "score": score,
            "scale": 5,
            "answered_at": asked,
            "request": request.code,
        }
        yield Fact(asked, f"{request.code}-survey", SURVEYS, "contact-centre.survey-answered", survey, NAME)


def _code(seed: int, slot: int, number: int) -> str:
    return f"s{seed}-r{slot}-{number}"


def _pick(rng: Random, weights: Mapping[str, int]) -> str:
    return rng.choices(tuple(weights), tuple(weights.values()))[0]
