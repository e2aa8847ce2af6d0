"""Every simulated system: the same seed, the same facts, however the range is cut; each keeps its contract."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest

from schemas.events.registry import CONTRACTS
from simulators.facts import Fact, encode
from simulators.moments import DAY, HOUR, MINUTE
from simulators.systems import SYSTEMS
from tests.simulators.small import CITIES

BEGIN = 1_795_000_000_000
LENGTH = 2 * DAY
EDGES = (0, 1, 7 * HOUR + 1, DAY - 1, DAY, DAY + 3 * MINUTE, LENGTH)

every_system = pytest.mark.parametrize("name", SYSTEMS)
every_city = pytest.mark.parametrize("city", CITIES)


@cache
def told(name: str, city: str, seed: int = 1) -> list[Fact]:
    return list(SYSTEMS[name].facts(seed, CITIES[city], BEGIN, BEGIN + LENGTH))


@every_system
@pytest.mark.parametrize("city", ["taiynsha", "karaganda"])
def test_cutting_the_range_changes_nothing(name: str, city: str) -> None:
    edges = [BEGIN + edge for edge in EDGES]
    facts = SYSTEMS[name].facts
    assert [f for begin, end in pairwise(edges) for f in facts(1, CITIES[city], begin, end)] == told(name, city)


@every_system
@every_city
def test_facts_come_in_order_inside_the_range_from_known_devices(name: str, city: str) -> None:
    found = told(name, city)
    assert found
    assert [(fact.time, fact.id) for fact in found] == sorted((fact.time, fact.id) for fact in found)
    assert all(BEGIN <= fact.time < BEGIN + LENGTH for fact in found)
    assert {fact.device for fact in found} <= set(SYSTEMS[name].devices(CITIES[city]))
    assert {fact.system for fact in found} == {name}
    assert len({(fact.device, fact.id, fact.time) for fact in found}) == len(found)


@every_system
def test_another_seed_gives_other_facts_under_other_names(name: str) -> None:
    assert not {fact.id for fact in told(name, "taiynsha")} & {fact.id for fact in told(name, "taiynsha", 2)}


@every_system
@every_city
def test_every_fact_keeps_the_contract_of_its_type(name: str, city: str) -> None:
    for fact in told(name, city)[:3000]:
        event = CONTRACTS[fact.type].model_validate_json(encode(city, fact, recorded=fact.time + 5, sequence=1))
        assert event.source == f"/{city}/{name}/{fact.device}"
        assert event.type == fact.type
        assert type(event.data).system in (name, None)


def test_a_watched_page_is_the_real_observers_alone() -> None:
    half = BEGIN + LENGTH // 2
    watched = replace(CITIES["karaganda"], watched_from=half)
    found = list(SYSTEMS["situation-centre"].facts(1, watched, BEGIN, BEGIN + LENGTH))
    assert {fact.data["name"] for fact in found if fact.kind == "reference.total-reported"} == {
        "critical_objects",
        "residents",
    }
    probes = [fact.time for fact in found if fact.kind == "situation-centre.page-probed"]
    assert half - 10 * MINUTE < max(probes) <= half
    others = {fact.id for fact in told("situation-centre", "karaganda")} - {fact.id for fact in found}
    assert all("probe" in code or "gis" in code or "visual" in code or "mapped" in code for code in others)


@pytest.mark.parametrize("name", [name for name, system in SYSTEMS.items() if system.recalled])
def test_what_is_recalled_is_a_part_of_what_happened(name: str) -> None:
    recalled = SYSTEMS[name].recalled
    assert recalled is not None
    some = list(recalled(1, CITIES["karaganda"], BEGIN, BEGIN + LENGTH))
    assert some
    assert [fact for fact in told(name, "karaganda") if fact in some] == some
