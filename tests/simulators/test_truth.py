"""The truth on cases small enough to count by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest

from simulators.facts import Fact, encode
from simulators.moments import HOUR, MINUTE, SECOND, milliseconds
from simulators.truths.contact_centre import KPIS
from simulators.truths.events import Events, Place
from simulators.truths.values import Asked, Value
from simulators.truths.values import answer as truth

T = milliseconds(datetime(2026, 11, 22, 10, tzinfo=UTC))
WINDOW = (T, T + HOUR)


def event(kind: str, time: int, identifier: str = "", /, **data: Any) -> bytes:
    return encode(
        "karaganda",
        Fact(time, identifier or f"{kind}-{time}", "pbx-1", f"contact-centre.{kind}", data, "contact-centre"),
    )


def answered(time: int, wait: int, identifier: str = "") -> bytes:
    return event("call-answered", time, identifier, call="c", queue="q", queued_at=time - wait, answered_at=time)


def abandoned(time: int) -> bytes:
    return event("call-abandoned", time, call="c", queue="q", queued_at=time - 1, abandoned_at=time)


def registered(code: str, at: int, due: int, kind: str = "incident", repeat_of: str | None = None) -> bytes:
    data: dict[str, Any] = {"request": code, "kind": kind, "registered_at": at, "due_at": due}
    if repeat_of:
        data["repeat_of"] = repeat_of
    return event("request-registered", at, code, **data)


def resolved(code: str, begun: int, at: int, due: int, *, first: bool = False, kind: str = "incident") -> bytes:
    data: dict[str, Any] = {"request": code, "kind": kind, "registered_at": begun, "resolved_at": at, "due_at": due}
    return event("request-resolved", at, f"{code}-resolved", **data, first_contact=first)


def forwarded(code: str, begun: int, at: int, attempt: int) -> bytes:
    data: dict[str, Any] = {"request": code, "registered_at": begun, "forwarded_at": at, "attempt": attempt}
    return event("request-forwarded", at, f"{code}-{attempt}", **data)


def survey(time: int, name: str, given: int) -> bytes:
    return event("survey-answered", time, f"{name}-{time}", survey=name, score=given, answered_at=time)


def answer(code: str, *events: bytes, category: str = "regional") -> tuple[int, int, Value | None]:
    """Numerator, denominator and value over the hour that has just ended."""
    asked = Asked(WINDOW, (T - HOUR, T), T + HOUR, HOUR)
    return truth(KPIS[code], Events(events, Place(category, "Asia/Almaty")), asked)[:3]


@pytest.mark.parametrize(("category", "limit"), [("republican", 30_000), ("regional", 45_000), ("district", 90_000)])
def test_answered_within_the_limit_counts_one_millisecond_more_does_not(category: str, limit: int) -> None:
    events = (answered(T, limit, "a"), answered(T, limit + 1, "b"), abandoned(T + 5))
    assert answer("1.8", *events, category=category) == (1, 3, Fraction(100, 3))


def test_a_window_begins_with_its_first_moment_and_ends_before_its_last() -> None:
    events = (answered(T - 1, 0), answered(T, 0), answered(T + HOUR - 1, 0), answered(T + HOUR, 0))
    assert answer("1.8", *events)[:2] == (2, 2)


def test_a_delivery_counts_once() -> None:
    again = answered(T, 1000, "same")
    assert answer("2.1", again, again, answered(T, 3000, "other")) == (4000, 2, Fraction(2))


def test_the_same_id_at_another_time_is_another_event() -> None:
    assert answer("2.1", answered(T, 1000, "same"), answered(T + 1, 1000, "same"))[:2] == (2000, 2)


def test_mean_wait_leaves_abandoned_calls_out() -> None:
    assert answer("2.1", answered(T, 1500), abandoned(T + 1)) == (1500, 1, Fraction(3, 2))


def test_resolved_in_time_is_a_cohort_by_due_date() -> None:
    due = T + 10 * MINUTE
    events = (
        registered("in-time", T - HOUR, due),
        resolved("in-time", T - HOUR, due, due),
        registered("late", T - HOUR, due),
        resolved("late", T - HOUR, due + 1, due),
        registered("never", T - HOUR, due),
        registered("due-later", T, T + HOUR),
        resolved("due-later", T, T + 1, T + HOUR),
    )
    assert answer("1.9", *events) == (1, 3, Fraction(100, 3))


def test_scores_of_both_surveys_stay_apart() -> None:
    events = (survey(T, "request_closed", 4), survey(T + 1, "request_closed", 5), survey(T, "service", 9))
    assert answer("1.10", *events) == (9000, 2, Fraction(9, 2))
    assert answer("2.3", *events) == (9000, 1, Fraction(9))


def test_first_contact_belongs_to_the_day_of_registration() -> None:
    events = (
        registered("a", T + HOUR - 1, T + 2 * HOUR),
        resolved("a", T + HOUR - 1, T + HOUR + 5, T + 2 * HOUR, first=True),
        registered("b", T, T + HOUR),
        resolved("b", T, T + 5, T + HOUR, first=False),
        resolved("earlier", T - 1, T + 5, T + HOUR, first=True),
    )
    assert answer("2.2", *events) == (1, 2, Fraction(50))


def test_requests_are_counted() -> None:
    assert answer("2.4", registered("a", T, T), registered("b", T, T)) == (2, 0, Fraction(2))
    assert answer("2.4") == (0, 0, None)
    assert answer("2.4", answered(T, 5)) == (0, 0, Fraction(0))


def test_only_the_first_hand_over_counts() -> None:
    events = (
        registered("a", T, T),
        registered("b", T, T),
        forwarded("a", T, T + 1, 1),
        forwarded("a", T, T + 2, 2),
        forwarded("earlier", T - 1, T + 2, 1),
    )
    assert answer("2.5", *events) == (1, 2, Fraction(50))


def test_time_to_resolve_is_that_of_incidents() -> None:
    events = (
        resolved("a", T - 10 * HOUR, T, T),
        resolved("b", T - 2 * HOUR, T, T),
        resolved("c", T - 5 * HOUR, T, T, kind="inquiry"),
    )
    assert answer("2.6", *events) == (12 * HOUR, 2, Fraction(6))


def test_repeated_complaints() -> None:
    events = (
        registered("a", T, T, "complaint", repeat_of="x"),
        registered("b", T, T, "complaint"),
        registered("c", T, T, "incident", repeat_of="x"),
        registered("d", T, T),
    )
    assert answer("2.7", *events) == (1, 4, Fraction(25))


def test_without_a_case_there_is_no_value() -> None:
    assert [code for code in KPIS if answer(code, abandoned(T))[2] is not None] == ["1.8", "2.4"]


def test_live_events_are_those_with_a_stamp() -> None:
    called = Fact(T, "x", "pbx-1", "contact-centre.call-answered", {}, "contact-centre")
    live = encode("karaganda", called, recorded=T + SECOND)
    events = Events([answered(T, 1), live, live], Place("regional", "Asia/Almaty"))
    assert [event.recorded for event in events.all if event.recorded] == [T + SECOND]
