"""Smart stops: vehicles that come, since when people waited for them, and what the city's stops are equipped with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.catalogue import Category
from simulators import rhythm, surveys
from simulators.cases import around, begun
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR, MINUTE
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "smart-stops"
REGISTER: Final = "stop-register"
_BOARDING: Final = (0, 0, 1, 1, 2, 2, 3, 4, 5, 7, 9)
_LONGEST_WAIT: Final = 2 * HOUR


class _Stops(NamedTuple):
    wait: float
    """Median minutes."""
    all: int
    """Stops of the city, and shares of them that are smart, have a display, Wi-Fi, video."""
    smart: float
    display: float
    wifi: float
    video: float
    score: float


_STOPS: Final = {
    Category.REPUBLICAN: _Stops(4.5, 2150, 0.78, 0.93, 0.47, 0.82, 8.4),
    Category.REGIONAL: _Stops(6.2, 640, 0.44, 0.71, 0.27, 0.53, 7.8),
    Category.DISTRICT: _Stops(9.6, 14, 0.1, 0.3, 0.08, 0.15, 7.3),
}


def _count(city: City) -> int:
    """Stops that report."""
    return 1 + round(8 * city.volume)


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _arrivals(seed, city, slot), life=0),
            slotted(begin, end, lambda slot: _surveys(seed, city, slot), life=0),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
        )
    )


def _arrivals(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "arrival", slot, 330 * city.volume):
        rng = case.rng
        stop, boarded = rng.randrange(1, _count(city) + 1), rng.choice(_BOARDING)
        data: dict[str, Any] = {"stop": f"stop-{stop}", "route": str(1 + rng.randrange(2 + round(40 * city.volume)))}
        data |= {"boarded": boarded, "arrived_at": case.begun}
        if city.districts:
            data["district"] = city.districts[stop % len(city.districts)]
        if boarded:
            quality = rhythm.quality(seed, city, NAME, case.begun, data)
            wait = around(rng, _STOPS[city.category].wait * MINUTE / quality, 0.4)
            data["waiting_since_at"] = case.begun - min(wait, _LONGEST_WAIT)
        yield Fact(case.begun, case.code, _device(stop), "smart-stops.vehicle-arrived", data, NAME)


def _surveys(seed: int, city: City, slot: int) -> Iterator[Fact]:
    return surveys.in_slot(seed, city, slot, NAME, _STOPS[city.category].score, subject="stops")


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    stops = _STOPS[city.category]
    shares = {"smart": stops.smart, "with_display": stops.display, "with_wifi": stops.wifi, "with_video": stops.video}
    equipped = {f"stops_{n}": grown(s * stops.all, 0.06, day, at_most=stops.all) for n, s in shares.items()}
    return stated(seed, NAME, REGISTER, day, {"stops": stops.all, **equipped})


def _device(stop: int) -> str:
    return f"stop-{stop}"


def _devices(city: City) -> tuple[str, ...]:
    return (*map(_device, range(1, _count(city) + 1)), REGISTER, surveys.DEVICE)


SYSTEM = System(NAME, devices=_devices, facts=_facts)
