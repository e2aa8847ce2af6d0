"""Buckets and windows: golden dates, and that pieces make up a window exactly once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Period
from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.tiers import (
    HOUR,
    KEPT,
    LENGTH,
    MINUTE,
    before,
    bucket_of,
    cover,
    day_of,
    ended,
    finest,
    hour_of,
    is_kept,
    minute_of,
    next_day,
    roll_up,
    trailing,
)
from services.scorer.types import Part, PartKey

ALMATY = "Asia/Almaty"
BERLIN = "Europe/Berlin"
KOLKATA = "Asia/Kolkata"

zones = st.sampled_from([ALMATY, BERLIN, KOLKATA])
moments = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001


def aligned(moment: datetime, tier: Tier, zone: str) -> datetime:
    return {"minute": minute_of(moment), "hour": hour_of(moment), "day": day_of(moment, zone)}[tier]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2026-11-22T18:59:59+00:00", ALMATY, "2026-11-22T00:00:00+05:00"),
        ("2026-11-22T19:00:00+00:00", ALMATY, "2026-11-23T00:00:00+05:00"),
        ("2026-03-29T00:30:00+00:00", BERLIN, "2026-03-29T00:00:00+01:00"),
        ("2026-03-29T12:00:00+00:00", BERLIN, "2026-03-29T00:00:00+01:00"),
        ("2026-10-25T22:59:00+00:00", BERLIN, "2026-10-25T00:00:00+02:00"),
        ("2026-11-22T18:29:00+00:00", KOLKATA, "2026-11-22T00:00:00+05:30"),
        ("2026-11-22T18:30:00+00:00", KOLKATA, "2026-11-23T00:00:00+05:30"),
        ("2028-02-29T12:00:00+00:00", ALMATY, "2028-02-29T00:00:00+05:00"),
    ],
)
def test_day_is_the_citys_own(moment: str, zone: str, day: str) -> None:
    assert day_of(at(moment), zone) == at(day)


@pytest.mark.parametrize(
    ("day", "hours"),
    [("2026-03-29T00:00:00+01:00", 23), ("2026-10-25T00:00:00+02:00", 25), ("2026-11-22T00:00+01:00", 24)],
)
def test_days_of_a_clock_change(day: str, hours: int) -> None:
    begin = at(day).astimezone(UTC)
    assert next_day(begin, BERLIN) - begin == timedelta(hours=hours)


@given(moments, zones, st.sampled_from(list(Period)), st.booleans())
def test_pieces_make_up_the_window_without_gap_or_overlap(
    now: datetime, zone: str, period: Period, past_only: bool
) -> None:
    window = trailing(period, now, zone, past_only=past_only)
    pieces = sorted(cover(window, zone), key=lambda piece: piece.begin)
    assert pieces[0].begin == window.begin
    assert pieces[-1].end == window.end
    assert all(left.end == right.begin for left, right in pairwise(pieces))
    for piece in pieces:
        assert aligned(piece.begin, piece.tier, zone) == piece.begin
        assert aligned(piece.end, piece.tier, zone) == piece.end
        kept = KEPT[piece.tier]
        assert kept is None or now - piece.begin < kept


@given(moments, moments, zones)
def test_any_window_of_whole_minutes_is_covered(first: datetime, second: datetime, zone: str) -> None:
    begin, end = sorted((minute_of(first), minute_of(second)))
    pieces = list(cover(Window(begin=begin, end=end), zone))
    assert sum((piece.end - piece.begin for piece in pieces), timedelta()) == end - begin


@given(moments, zones)
def test_windows_hold_the_running_minute_unless_past_only(now: datetime, zone: str) -> None:
    for period in Period:
        assert trailing(period, now, zone).end == minute_of(now) + MINUTE
        assert trailing(period, now, zone, past_only=True).end == minute_of(now)


def test_lengths_of_windows() -> None:
    now = at("2026-11-22T10:20:30+00:00")
    assert trailing(Period.DAY, now, ALMATY).begin == at("2026-11-21T10:21:00+00:00")
    assert trailing(Period.WEEK, now, ALMATY).begin == at("2026-11-15T11:00:00+00:00")
    assert trailing(Period.MONTH, now, ALMATY).begin == at("2026-10-23T11:00:00+00:00")
    assert trailing(Period.YEAR, now, ALMATY).begin == at("2025-11-23T00:00:00+05:00")


def test_roll_up_adds_and_leaves_out_what_a_tier_does_not_keep() -> None:
    now = at("2026-11-22T10:20:30+00:00")
    key = PartKey("a", "2.1", "", "", at("2026-11-22T10:05:00+00:00"))
    old = key._replace(bucket=now - timedelta(days=10))
    minutes = {key: Part(1, 2, 1), key._replace(bucket=key.bucket + MINUTE): Part(10, 20, 1), old: Part(5, 5, 1)}
    assert roll_up(minutes, "minute", {"a": ALMATY}, now).keys() == minutes.keys() - {old}
    hours = roll_up(minutes, "hour", {"a": ALMATY}, now)
    assert hours[key._replace(bucket=hour_of(now))] == Part(11, 22, 2)
    assert sum(part.numerator for part in roll_up(minutes, "day", {"a": ALMATY}, now).values()) == 16
    assert HOUR == 60 * MINUTE


def test_a_day_whose_midnight_comes_twice_begins_with_the_first() -> None:
    for time in ("2026-11-01T00:30:00-04:00", "2026-11-01T00:30:00-05:00", "2026-11-01T12:00:00-05:00"):
        assert day_of(at(time), "America/Havana") == at("2026-11-01T00:00:00-04:00")


@given(moments, zones, st.sampled_from(list(Period)))
def test_the_window_before_ends_where_the_window_begins_and_is_kept(now: datetime, zone: str, period: Period) -> None:
    window = trailing(period, now, zone)
    earlier = before(window, LENGTH[period], zone)
    assert earlier.end == window.begin
    for piece in cover(earlier, zone):
        kept = KEPT[piece.tier]
        assert kept is None or now - piece.begin < kept


@given(moments, zones, st.sampled_from(list(Period)), st.timedeltas(timedelta(), timedelta(days=700)))
def test_a_past_window_ends_by_its_moment_and_can_be_read(
    at: datetime, zone: str, period: Period, age: timedelta
) -> None:
    today = at + age
    tier, window = finest(LENGTH[period], at, zone, today, compared=True)
    assert window.end == bucket_of(tier, at, zone)
    assert is_kept(window, zone, today)
    assert is_kept(before(window, LENGTH[period], zone), zone, today)
    running = timedelta(days=1) if period is Period.YEAR else HOUR
    assert LENGTH[period] - running - HOUR < window.end - window.begin <= LENGTH[period] + HOUR


@pytest.mark.parametrize(
    ("period", "days", "tier"),
    [
        ("day", 0, "minute"),
        ("day", 3, "hour"),
        ("day", 197, "hour"),
        ("day", 201, "day"),
        ("quarter", 17, "hour"),
        ("quarter", 20, "day"),
        ("year", 1, "minute"),
        ("year", 20, "hour"),
        ("year", 300, "day"),
    ],
)
def test_granules_of_past_windows(period: str, days: int, tier: str) -> None:
    now = at("2026-11-22T10:20:30+00:00")
    assert finest(LENGTH[Period(period)], now - timedelta(days=days), ALMATY, now, compared=True)[0] == tier


@pytest.mark.parametrize(("days", "tier"), [(1.9, "minute"), (2.1, "hour"), (108, "hour"), (110, "day")])
def test_what_is_not_compared_stays_fine_for_longer(days: float, tier: str) -> None:
    now = at("2026-11-22T10:20:30+00:00")
    length = LENGTH[Period.QUARTER if days > 100 else Period.DAY]
    assert finest(length, now - timedelta(days=days), ALMATY, now)[0] == tier


def test_a_past_window_is_that_of_the_live_score_of_the_minute_before() -> None:
    now = at("2026-11-22T10:20:30+00:00")
    for period in Period:
        live = trailing(period, at("2026-11-22T10:19:59+00:00"), ALMATY)
        assert ended("minute", LENGTH[period], now, ALMATY) == live
