"""Where a floor moves to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.scorer.floors import days_between, next_floor

KEPT = timedelta(days=14)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_it_moves_at_midnight() -> None:
    floor = datetime(2026, 11, 8, tzinfo=UTC)
    assert next_floor(floor, NOW, KEPT) == floor
    assert next_floor(floor, NOW + timedelta(hours=13), KEPT) == datetime(2026, 11, 9, tzinfo=UTC)


def test_it_never_goes_back() -> None:
    floor = datetime(2026, 11, 8, 9, tzinfo=UTC)
    assert next_floor(floor, NOW, KEPT) == floor
    assert next_floor(floor, NOW - timedelta(days=900), KEPT) == floor


def test_a_clock_that_jumps_moves_it_by_a_day() -> None:
    floor = datetime(2026, 11, 7, 9, tzinfo=UTC)
    assert next_floor(floor, NOW + timedelta(days=900), KEPT) == datetime(2026, 11, 8, tzinfo=UTC)


def test_days_are_those_of_utc() -> None:
    begin = datetime.fromisoformat("2026-11-08T03:00:00+05:00")
    days = days_between(begin, datetime(2026, 11, 9, 23, tzinfo=UTC))
    assert [day.isoformat() for day in days] == ["2026-11-07", "2026-11-08"]
    assert days_between(begin, begin) == []
