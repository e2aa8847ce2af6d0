"""Car parks: how full they are through the day, cars that come, payments, violations."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE, moment
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "parking"
GATE: Final = "gate-1"
PAYMENTS: Final = "payments-1"
INSPECTION: Final = "inspection-1"
REGISTER: Final = "register-1"
_EVERY: Final = 30 * MINUTE
_LONGEST_STAY: Final = 12 * HOUR
_KINDS: Final = {"unpaid": 40, "overstayed": 18, "reserved_place": 14, "no_parking": 24, "other": 4}


class _Operator(NamedTuple):
    fullest: float
    """Share of the places occupied in the busiest hour."""
    emptiest: float
    search: float
    """Median minutes from entry to being parked."""
    online: float
    automated: float
    places: int
    """In the whole city, at the beginning of 2026."""
    violations: float
    """A day, for 1,000 places."""
    score: float


_OPERATORS: Final = {
    Category.REPUBLICAN: _Operator(0.98, 0.62, 4.6, 0.84, 0.88, 46_000, 0.38, 8.2),
    Category.REGIONAL: _Operator(0.97, 0.52, 5.9, 0.56, 0.72, 11_000, 0.55, 7.6),
    Category.DISTRICT: _Operator(0.6, 0.2, 3.0, 0.21, 0.25, 400, 1.2, 7.3),
}


def car_parks(city: City) -> range:
    """Numbers of the car parks with sensors."""
    return range(1, 2 + round(5 * city.volume))


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda number: _occupancy(seed, city, number), life=0, slot=_EVERY),
            slotted(begin, end, lambda slot: _stays(seed, city, slot), life=_LONGEST_STAY + HOUR),
            slotted(begin, end, lambda slot: _violations(seed, city, slot), life=0),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _occupancy(seed: int, city: City, number: int) -> Iterator[Fact]:
    operator = _OPERATORS[city.category]
    rng = rhythm.generator(seed, city.code, "occupancy", number)
    local = moment(number * _EVERY).astimezone(ZoneInfo(city.timezone))
    weekend = 0.8 if local.weekday() >= 5 else 1.0
    busy = (1 + math.cos(2 * math.pi * (local.hour + local.minute / 60 - 13.5) / 24)) / 2
    share = weekend * (operator.emptiest + (operator.fullest - operator.emptiest) * busy)
    for park in car_parks(city):
        places = 60 + 37 * park % 180
        occupied = max(0, min(places, round(places * rng.gauss(share, 0.05))))
        at = number * _EVERY + park * 1000
        data = {"car_park": f"park-{park}", "occupied": occupied, "places": places, "observed_at": at}
        if city.districts:
            data["district"] = city.districts[park % len(city.districts)]
        yield Fact(at, f"s{seed}-park-{park}-{number}", _sensor(park), "parking.occupancy-observed", data, NAME)


def _stays(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "stay", slot, 110 * city.volume):
        rng = case.rng
        crowded = rhythm.intensity(seed, city, slot) ** 0.3
        search = around(rng, _OPERATORS[city.category].search * MINUTE * crowded, 0.45)
        parked = case.begun + min(search, HOUR)
        common = {**placed(rng, city), "stay": case.code, "car_park": f"park-{rng.choice(car_parks(city))}"}
        if rng.random() < 0.7:
            common["plate"] = f"{rng.randrange(1000):03} {_letters(case)} 09"
        data = {**common, "entered_at": case.begun, "parked_at": parked}
        yield Fact(parked, f"{case.code}-parked", GATE, "parking.car-parked", data, NAME)
        if rng.random() < 0.6:
            yield _paid(case, city, common, parked)


def _paid(case: Case, city: City, common: dict[str, str], parked: int) -> Fact:
    rng = case.rng
    at = parked + min(around(rng, 75 * MINUTE, 0.7), _LONGEST_STAY)
    online = _OPERATORS[city.category].online
    channel = pick(rng, {"online": online, "terminal": 0.7 * (1 - online), "cash": 0.3 * (1 - online)})
    amount = 10_000 * (1 + (at - parked) // HOUR)
    data = {**common, "payment": f"{case.code}-payment", "channel": channel, "amount_tiyn": amount, "paid_at": at}
    return Fact(at, f"{case.code}-paid", PAYMENTS, "parking.parking-paid", data, NAME)


def _violations(seed: int, city: City, slot: int) -> Iterator[Fact]:
    operator = _OPERATORS[city.category]
    for case in begun(seed, city, "violation", slot, operator.violations * operator.places / 1000):
        kind = pick(case.rng, _KINDS)
        data = {**placed(case.rng, city), "violation": case.code, "kind": kind, "recorded_at": case.begun}
        data["plate"] = f"{case.rng.randrange(1000):03} {_letters(case)} 09"
        if kind != "no_parking":
            data["car_park"] = f"park-{case.rng.choice(car_parks(city))}"
        yield Fact(case.begun, case.code, INSPECTION, "parking.violation-recorded", data, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _OPERATORS[city.category].score)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    operator = _OPERATORS[city.category]
    places = grown(operator.places, 0.03, day)
    parks = 3 + places // 90
    automated = grown(operator.automated * parks, 0.06, day, at_most=parks)
    totals = {"parking_places": places, "car_parks": parks, "car_parks_automated": automated}
    return stated(seed, NAME, REGISTER, day, totals)


def _sensor(park: int) -> str:
    return f"sensor-{park}"


def _letters(case: Case) -> str:
    return "".join(case.rng.choice("ABCEHKMOPTX") for _ in range(3))


def _devices(city: City) -> tuple[str, ...]:
    return (*map(_sensor, car_parks(city)), GATE, PAYMENTS, INSPECTION, REGISTER, surveys.DEVICE)


SYSTEM = System(NAME, devices=_devices, facts=_facts)
