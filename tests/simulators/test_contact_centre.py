"""The generator: the same seed gives the same facts, however the range is cut; every fact keeps its contract."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.events.registry import CONTRACTS
from simulators.cities import CITIES, City
from simulators.facts import Fact, encode
from simulators.moments import DAY, HOUR, MINUTE
from simulators.systems.contact_centre import SYSTEM

BEGIN = 1_795_000_000_000
SMALL = CITIES["taiynsha"]
facts = SYSTEM.facts


@cache
def week(seed: int = 1, city: City = SMALL) -> list[Fact]:
    return list(facts(seed, city, BEGIN, BEGIN + 7 * DAY))


def test_same_seed_same_facts() -> None:
    assert week(1) == list(facts(1, SMALL, BEGIN, BEGIN + 7 * DAY))


def test_another_seed_gives_other_facts_under_other_names() -> None:
    assert not {fact.id for fact in week(1)} & {fact.id for fact in week(2)}


@given(st.lists(st.integers(min_value=1, max_value=DAY - 1), max_size=4, unique=True))
@settings(max_examples=6, deadline=None)
def test_cutting_the_range_changes_nothing(cuts: list[int]) -> None:
    edges = [BEGIN, *sorted(BEGIN + cut for cut in cuts), BEGIN + DAY]
    pieces = [fact for begin, end in pairwise(edges) for fact in facts(1, SMALL, begin, end)]
    assert pieces == list(facts(1, SMALL, BEGIN, BEGIN + DAY))


def test_facts_come_in_order_of_time_and_inside_the_range() -> None:
    times = [fact.time for fact in week()]
    assert times == sorted(times)
    assert BEGIN <= times[0] < times[-1] < BEGIN + 7 * DAY


def test_identities_are_unique() -> None:
    found = week()
    assert len({(fact.device, fact.id, fact.time) for fact in found}) == len(found)


@pytest.mark.parametrize("city", CITIES.values(), ids=lambda city: city.code)
def test_every_fact_keeps_the_contract_of_its_type(city: City) -> None:
    found = list(facts(3, city, BEGIN, BEGIN + 3 * HOUR))
    assert {fact.device for fact in found} <= set(SYSTEM.devices(city))
    for fact in found:
        event = CONTRACTS[fact.type].model_validate_json(encode(city.code, fact, recorded=fact.time + 5, sequence=1))
        assert event.source == f"/{city.code}/contact-centre/{fact.device}"


def test_time_is_when_the_fact_happened() -> None:
    fields = {
        "call-answered": "answered_at",
        "call-abandoned": "abandoned_at",
        "request-registered": "registered_at",
        "request-forwarded": "forwarded_at",
        "request-resolved": "resolved_at",
        "survey-answered": "answered_at",
    }
    assert {fact.kind for fact in week()} == {f"contact-centre.{kind}" for kind in fields}
    assert all(fact.data[fields[fact.kind.removeprefix("contact-centre.")]] == fact.time for fact in week())


def test_requests_have_every_fate() -> None:
    found = list(facts(1, SMALL, BEGIN, BEGIN + 20 * DAY))
    due = {f.data["request"]: f.data["due_at"] for f in found if f.kind == "contact-centre.request-registered"}
    resolved = {f.data["request"]: f.time for f in found if f.kind == "contact-centre.request-resolved"}
    attempts = {f.data["attempt"] for f in found if f.kind == "contact-centre.request-forwarded"}
    repeated = [f for f in found if f.data.get("repeat_of")]
    closed = due.keys() & resolved.keys()
    assert any(resolved[r] > due[r] for r in closed)
    assert any(resolved[r] <= due[r] for r in closed)
    assert any(r not in resolved for r in due if due[r] < BEGIN + 8 * DAY)
    assert attempts == {1, 2}
    assert repeated
    assert {f.data["kind"] for f in repeated} == {"complaint"}


def test_a_repeat_names_a_request_that_exists() -> None:
    earlier = {f.data["request"] for f in facts(1, SMALL, BEGIN - 7 * DAY, BEGIN + 7 * DAY) if "request" in f.data}
    assert {f.data["repeat_of"] for f in week() if f.data.get("repeat_of")} <= earlier


def test_nights_are_quiet_and_mornings_busy() -> None:
    calls = [fact.time for fact in week() if fact.kind.startswith("contact-centre.call")]
    hours = [((time + 5 * HOUR) % DAY) // HOUR for time in calls]
    assert hours.count(3) * 5 < hours.count(10)


def test_the_demo_city_has_the_volume_its_target_wants() -> None:
    days = 2
    found = list(facts(1, CITIES["karaganda"], BEGIN, BEGIN + days * DAY))
    requests = sum(fact.kind == "contact-centre.request-registered" for fact in found) / days
    assert 1000 < requests < 1500


def test_waits_are_whole_milliseconds_and_bounded() -> None:
    for fact in week():
        if fact.kind == "contact-centre.call-answered":
            assert 0 <= fact.data["answered_at"] - fact.data["queued_at"] <= 30 * MINUTE
