"""Municipal solid waste: containers fill and wait for the lorry, loads are weighed, plants take some."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from schemas.catalogue import Category
from simulators import surveys
from simulators.cases import Case, around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.inventory import grown, stated
from simulators.moments import DAY, HOUR
from simulators.streams import merged, slotted
from simulators.system import System

NAME: Final = "waste"
SENSORS: Final = ("containers-1", "containers-2")
"""They pass on what the containers' own sensors say."""
SCALES: Final = ("scale-north", "scale-south")
PLANTS: Final = {"recycled": "sorting-plant", "composted": "compost-plant", "energy": "fuel-plant"}
REGISTER: Final = "register-1"
_LONGEST_WAIT: Final = 4 * DAY
_FRACTIONS: Final = {"paper": 30, "plastic": 25, "glass": 15, "organic": 20, "metal": 6, "textile": 4}


class _Ways(NamedTuple):
    """What a city of some category does with its waste."""

    separate: float
    """Share of loads that were collected separately; such a load weighs a third of a mixed one …"""
    taken: float
    """… and with this chance a plant makes something of it."""
    burnt: float
    """Chance that a mixed load becomes fuel."""
    wait_h: float
    """Median hours until a full container is emptied."""
    monitored: float
    """Share of container sites with sensors at the beginning of 2026."""
    liked: float
    """Mean answer to a survey, of 10."""


_WAYS: Final = {
    Category.REPUBLICAN: _Ways(0.68, 0.75, 0.12, 5.0, 0.74, 8.4),
    Category.REGIONAL: _Ways(0.5, 0.66, 0.1, 13.0, 0.46, 7.4),
    Category.DISTRICT: _Ways(0.27, 0.4, 0.0, 20.0, 0.16, 6.4),
}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return merged(
        (
            slotted(begin, end, lambda slot: _containers(seed, city, slot), life=_LONGEST_WAIT),
            slotted(begin, end, lambda slot: _loads(seed, city, slot), life=3 * DAY),
            slotted(begin, end, lambda day: _register(seed, city, day), life=DAY, slot=DAY),
            slotted(begin, end, lambda slot: surveys.in_slot(seed, city, slot, NAME, _ways(city).liked), life=0),
        )
    )


def _ways(city: City) -> _Ways:
    return _WAYS[city.category]


def _containers(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "container", slot, 130 * city.volume, night=0.2):
        site = case.rng.randrange(1, 10 + round(400 * city.volume))
        common = {**placed(case.rng, city), "site": f"site-{site}", "container": f"site-{site}-{case.rng.randrange(4)}"}
        sensor = SENSORS[site % 2]
        if case.rng.random() < 0.12:  # emptied on the round although it was not full
            yield _fact(case.begun, f"{case.code}-emptied", sensor, "emptied", {**common, "emptied_at": case.begun})
            continue
        filled = {**common, "filled_at": case.begun}
        level = {"level_percent": case.rng.randrange(80, 101)}
        yield _fact(case.begun, f"{case.code}-filled", sensor, "filled", filled | level)
        at = case.begun + min(around(case.rng, _ways(city).wait_h * HOUR, 0.5), _LONGEST_WAIT)
        yield _fact(at, f"{case.code}-emptied", sensor, "emptied", {**filled, "emptied_at": at})


def _fact(at: int, code: str, device: str, what: str, data: dict[str, Any]) -> Fact:
    return Fact(at, code, device, f"waste.container-{what}", data, NAME)


def _loads(seed: int, city: City, slot: int) -> Iterator[Fact]:
    ways = _ways(city)
    for case in begun(seed, city, "load", slot, 130 * city.volume):
        separate = case.rng.random() < ways.separate
        mass = case.rng.randrange(1_500, 3_500) if separate else case.rng.randrange(5_000, 10_000)
        data = {
            "load": case.code,
            "collection": "separate" if separate else "mixed",
            "fraction": pick(case.rng, _FRACTIONS) if separate else "mixed",
            "mass_kg": mass,
            "weighed_at": case.begun,
        }
        yield Fact(case.begun, f"{case.code}-weighed", case.rng.choice(SCALES), "waste.load-weighed", data, NAME)
        if case.rng.random() < (ways.taken if separate else ways.burnt):
            yield _accepted(case, str(data["fraction"]), mass)


def _accepted(case: Case, fraction: str, mass: int) -> Fact:
    use = {"mixed": "energy", "organic": "composted"}.get(fraction, "recycled")
    at = case.begun + case.rng.randrange(2 * HOUR, 3 * DAY)
    kept = round(mass * case.rng.uniform(0.85, 0.99))
    data = {"load": case.code, "plant": PLANTS[use], "use": use, "mass_kg": kept, "accepted_at": at}
    return Fact(at, f"{case.code}-accepted", PLANTS[use], "waste.load-accepted", data, NAME)


def _register(seed: int, city: City, day: int) -> Iterator[Fact]:
    sites = grown(20 + city.residents / 260, 0.02, day)
    monitored = grown(_ways(city).monitored * sites, 0.3, day, at_most=sites)
    yield from stated(seed, NAME, REGISTER, day, {"container_sites": sites, "container_sites_monitored": monitored})


SYSTEM = System(
    NAME, devices=lambda _city: (*SENSORS, *SCALES, *PLANTS.values(), REGISTER, surveys.DEVICE), facts=_facts
)
