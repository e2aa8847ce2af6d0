"""Every kind of measure on figures small enough to be worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.measures import Measure
from schemas.snapshot import Window
from services.cityscore.attainment import Value
from services.scorer.kinds import FROM_NOTHING, Absent, Facts, Span, Sums, Total, value_of
from tests.scorer.trips import measure

BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR_MS = 3_600_000
SPAN = Span(Window(begin=BEGIN, end=BEGIN + DAY), BEGIN + DAY, ("test", "heat"))


def one(numerator: int = 0, denominator: int = 0, events: int = 0) -> Facts:
    return Facts({"": Sums(numerator, denominator, events)})


def stated(total: int | None, base: int | None = None, parts: Sums | None = None) -> Facts:
    totals = {("", side): Total(value, BEGIN) for side, value in ((False, total), (True, base)) if value is not None}
    return Facts({"": parts} if parts else {}, totals)


def updates(**events: int) -> Facts:
    return Facts({system: Sums(n, 0, n) for system, n in events.items()})


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        ("count", one(7), 7.0),
        ("count", Facts(), 0.0),
        ("sum", Facts({"": Sums(7), "other": Sums(3)}), 10.0),
        ("mean", one(9_000, 2), 4.5),
        ("mean", Facts(), "not_applicable"),
        ("share", one(3, 4), 75.0),
        ("share", Facts(), "not_applicable"),
        ("cohort", one(3, 4), 25.0),
        ("cohort", one(5, 4), 0.0),
        ("norms", Facts({"a|bus": Sums(5, 5), "b|bus": Sums(4, 5), "b|tram": Sums(2, 2), "c|bus": Sums(0, 1)}), 50.0),
        ("norms", Facts({"a|bus": Sums(0, 0, 0)}), "not_applicable"),
        ("rate", one(3, 4), 0.75),
        ("rate", Facts(), "not_applicable"),
        ("per_resident", stated(None, 2000, Sums(3)), 1.5),
        ("per_resident", stated(None, 2000), 0.0),
        ("per_resident", one(3), "missing"),
        ("per_resident", stated(None, 0, Sums(3)), "missing"),
        ("inventory", stated(41), 41.0),
        ("inventory", Facts(), "missing"),
        ("inventory_share", stated(20, 80), 25.0),
        ("inventory_share", stated(20), "missing"),
        ("inventory_share", stated(0, 0), "missing"),
        ("inventory_share", stated(None, 80), "missing"),
        ("uptime", one(23 * HOUR_MS, 24 * HOUR_MS), 100 * 23 / 24),
        ("uptime", one(22 * HOUR_MS, 23 * HOUR_MS), 100 * 22 / 24),
        ("uptime", one(47 * HOUR_MS, 48 * HOUR_MS), 100 * 47 / 48),
        ("uptime", one(21 * HOUR_MS, 21 * HOUR_MS), "missing"),
    ],
)
def test_value(name: str, facts: Facts, expected: Value | Absent) -> None:
    assert value_of(measure(name), facts, Facts(), SPAN) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("name", "now", "before", "expected"),
    [
        ("change", one(300, 3), one(400, 2), -50.0),
        ("change", one(400, 2), one(300, 3), 100.0),
        ("change", one(400, 2), Facts(), "missing"),
        ("change", Facts(), one(400, 2), "not_applicable"),
        ("change_count", one(95), one(100), 5.0),
        ("change_count", one(105), one(100), 0.0),
        ("change_count", one(0), one(100), 100.0),
        ("change_count", one(0), one(0), 100.0),
        ("change_latest", stated(120), stated(100), 20.0),
        ("change_latest", stated(120), stated(0), FROM_NOTHING),
        ("change_latest", stated(120), Facts(), "missing"),
        ("change_latest", Facts(), stated(100), "missing"),
    ],
)
def test_change(name: str, now: Facts, before: Facts, expected: Value | Absent) -> None:
    assert value_of(measure(name), now, before, SPAN) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("facts", "systems", "expected"),
    [
        (updates(test=48, heat=24), ("test", "heat"), {"safety": 0.5, "housing": 1.0}),
        (updates(test=48, video=12, heat=24), ("test", "video", "heat"), {"safety": 1.25, "housing": 1.0}),
        (updates(test=48), ("test", "heat"), {"safety": 0.5}),
        (updates(test=48, heat=1), ("test", "video", "heat"), {"housing": 24.0}),
        (updates(), ("test", "heat"), "missing"),
        (updates(test=1), (), "missing"),
    ],
)
def test_spacing_leaves_out_whoever_is_silent(facts: Facts, systems: tuple[str, ...], expected: Value | Absent) -> None:
    assert value_of(measure("spacing"), facts, Facts(), SPAN._replace(systems=systems)) == expected


def test_the_last_moment_of_a_window_is_all_of_it() -> None:
    almost = SPAN._replace(now=BEGIN + DAY - timedelta(microseconds=1))
    assert value_of(measure("spacing"), updates(test=1), Facts(), almost) == {"safety": 24.0}


def test_a_running_window_has_only_its_past() -> None:
    half = SPAN._replace(now=BEGIN + DAY / 2)
    assert value_of(measure("uptime"), one(6 * HOUR_MS, 12 * HOUR_MS), Facts(), half) == 50.0
    assert value_of(measure("spacing"), updates(test=12), Facts(), half) == {"safety": 1.0}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (Facts({"score": Sums(6, 2), "delay": Sums(9, 1)}, {("stops", False): Total(3, BEGIN)}), 5.0),
        (Facts({"score": Sums(6, 2), "delay": Sums(9, 1)}), "missing"),
        (Facts({"score": Sums(6, 2)}, {("stops", False): Total(3, BEGIN)}), "not_applicable"),
    ],
)
def test_composite(facts: Facts, expected: Value | Absent) -> None:
    assert value_of(measure("composite"), facts, Facts(), SPAN) == expected


def test_a_composite_may_be_a_sum() -> None:
    both = {"a": {"kind": "count"}, "b": {"kind": "count"}}
    summed = Measure.model_validate({"kind": "composite", "components": both, "combine": "sum", "scale": 2})
    assert value_of(summed, Facts({"a": Sums(6), "b": Sums(4)}), Facts(), SPAN) == 5.0
