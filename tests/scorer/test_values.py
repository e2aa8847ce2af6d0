"""Zero, missing, not applicable, stale: when a sum is a value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from schemas.catalogue import Period
from schemas.measures import Measure
from schemas.snapshot import Window
from services.scorer.kinds import Facts, Span, Sums, Total
from services.scorer.values import Evaluated, Sources, evaluate, shown_sums

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SPAN = Span(Window(begin=NOW - timedelta(days=1), end=NOW), NOW)
TERM = {"event": "any"}
COUNT = Measure.model_validate({"kind": "count", "numerator": [TERM]})
SHARE = Measure.model_validate({"kind": "share", "numerator": [TERM], "denominator": [TERM]})
RATE = Measure.model_validate({"kind": "ratio", "numerator": [TERM], "denominator": [TERM]})
MEAN = Measure.model_validate({"kind": "mean", "numerator": [TERM], "scale": 1000})


def sources(age_hours: float = 1, reported: float = 1.0) -> Sources:
    return Sources(NOW - timedelta(hours=age_hours), reported)


@pytest.mark.parametrize(
    ("measure", "sums", "known", "expected"),
    [
        (SHARE, Sums(3, 4, 4), sources(), Evaluated(75.0, "fresh")),
        (SHARE, Sums(0, 4, 4), sources(), Evaluated(0.0, "fresh")),
        (SHARE, Sums(), sources(), Evaluated(None, "not_applicable")),
        (SHARE, Sums(), Sources(None, 0.0), Evaluated(None, "missing")),
        (MEAN, Sums(9_000, 2, 2), sources(), Evaluated(4.5, "fresh")),
        (COUNT, Sums(5, 0, 5), sources(reported=0.1), Evaluated(5.0, "fresh")),
        (COUNT, Sums(), sources(reported=0.9), Evaluated(0.0, "fresh")),
        (COUNT, Sums(), sources(reported=0.89), Evaluated(None, "missing")),
        (RATE, Sums(0, 4, 4), sources(reported=0.89), Evaluated(None, "missing")),
        (RATE, Sums(0, 4, 4), sources(reported=0.9), Evaluated(0.0, "fresh")),
        (SHARE, Sums(0, 4, 4), sources(reported=0.1), Evaluated(0.0, "fresh")),
        (SHARE, Sums(3, 4, 4), sources(26.4), Evaluated(75.0, "fresh")),
        (SHARE, Sums(3, 4, 4), sources(26.5), Evaluated(75.0, "stale")),
        (SHARE, Sums(3, 4, 4), sources(48.0), Evaluated(75.0, "stale")),
        (SHARE, Sums(3, 4, 4), sources(48.1), Evaluated(None, "missing")),
        (COUNT, Sums(-1, 0, 5), sources(), Evaluated(None, "missing")),
        (MEAN, Sums(-9_000, 2, 2), sources(), Evaluated(None, "missing")),
        (Measure(kind="share"), Sums(), sources(), Evaluated(None, "unbound")),
    ],
)
def test_evaluate(measure: Measure, sums: Sums, known: Sources, expected: Evaluated) -> None:
    assert evaluate(measure, Facts({"": sums}), Facts(), known, Period.DAY, SPAN) == expected


CHANGE = Measure.model_validate({"kind": "change", "of": "count", "numerator": [TERM]})
LATEST = Measure.model_validate({"kind": "latest", "numerator": [TERM], "base": [TERM], "scale": 0.01})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("now", "before", "expected"), [(0.9, 0.9, 50.0), (0.89, 1.0, None), (1.0, 0.89, None)])
def test_a_gap_is_no_change(now: float, before: float, expected: float | None) -> None:
    sources = Sources(NOW - HOUR, now, before)
    found = evaluate(CHANGE, Facts({"": Sums(3)}), Facts({"": Sums(2)}), sources, Period.DAY, SPAN)
    assert found.value == expected


@pytest.mark.parametrize(("age", "expected"), [(26, "fresh"), (27, "stale"), (49, "missing")])
def test_an_inventory_is_as_fresh_as_its_older_side(age: int, expected: str) -> None:
    totals = {("", False): Total(40, NOW - HOUR), ("", True): Total(80, NOW - age * HOUR)}
    found = evaluate(LATEST, Facts({}, totals), Facts(), Sources(NOW, 1.0), Period.DAY, SPAN)
    assert found == Evaluated(None if expected == "missing" else 50.0, expected)  # type: ignore[arg-type]
    assert shown_sums(LATEST, Facts({}, totals)) == Sums(40, 80, 0)
