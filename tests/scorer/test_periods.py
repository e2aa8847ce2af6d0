"""Calendar periods: golden dates in zones that are hard, and that periods tile time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Period
from services.cityscore.periods import periods_ending_in
from services.scorer.periods import containing, down_to, following, last_closed, previous, up_to, year_of
from services.scorer.tiers import cover, day_of

ALMATY, BERLIN, KOLKATA, HAVANA = "Asia/Almaty", "Europe/Berlin", "Asia/Kolkata", "America/Havana"
zones = st.sampled_from([ALMATY, BERLIN, KOLKATA, HAVANA, "Pacific/Auckland", "America/Sao_Paulo"])
moments = st.datetimes(datetime(2015, 1, 1), datetime(2032, 1, 1)).map(lambda d: d.replace(tzinfo=UTC))  # noqa: DTZ001
kinds = st.sampled_from(list(Period))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("kind", "moment", "zone", "name", "begin", "end"),
    [
        # Kazakhstan: UTC+5 all year, since 1 March 2024, when the clocks of Almaty went back an hour at midnight.
        ("day", "2026-11-22T18:59:59Z", ALMATY, "2026-11-22", "2026-11-22T00:00+05:00", "2026-11-23T00:00+05:00"),
        ("day", "2026-11-22T19:00:00Z", ALMATY, "2026-11-23", "2026-11-23T00:00+05:00", "2026-11-24T00:00+05:00"),
        ("day", "2024-02-29T12:00:00Z", ALMATY, "2024-02-29", "2024-02-29T00:00+06:00", "2024-03-01T00:00+05:00"),
        ("month", "2024-02-29T18:30:00Z", ALMATY, "2024-02", "2024-02-01T00:00+06:00", "2024-03-01T00:00+05:00"),
        ("month", "2026-01-31T19:00:00Z", ALMATY, "2026-02", "2026-02-01T00:00+05:00", "2026-03-01T00:00+05:00"),
        ("quarter", "2026-12-31T18:59:59Z", ALMATY, "2026-Q4", "2026-10-01T00:00+05:00", "2027-01-01T00:00+05:00"),
        ("year", "2026-12-31T19:00:00Z", ALMATY, "2027", "2027-01-01T00:00+05:00", "2028-01-01T00:00+05:00"),
        # ISO weeks: 2026 has 53, and the last one ends in 2027; 1 January 2028 still is in week 52 of 2027.
        ("week", "2026-12-31T12:00:00Z", ALMATY, "2026-W53", "2026-12-28T00:00+05:00", "2027-01-04T00:00+05:00"),
        ("week", "2027-01-03T12:00:00Z", ALMATY, "2026-W53", "2026-12-28T00:00+05:00", "2027-01-04T00:00+05:00"),
        ("week", "2028-01-01T12:00:00Z", ALMATY, "2027-W52", "2027-12-27T00:00+05:00", "2028-01-03T00:00+05:00"),
        ("week", "2029-12-31T12:00:00Z", ALMATY, "2030-W01", "2029-12-31T00:00+05:00", "2030-01-07T00:00+05:00"),
        # Leap days and ends of months.
        ("month", "2028-02-29T12:00:00Z", ALMATY, "2028-02", "2028-02-01T00:00+05:00", "2028-03-01T00:00+05:00"),
        ("day", "2028-02-29T12:00:00Z", ALMATY, "2028-02-29", "2028-02-29T00:00+05:00", "2028-03-01T00:00+05:00"),
        ("quarter", "2028-03-31T12:00:00Z", ALMATY, "2028-Q1", "2028-01-01T00:00+05:00", "2028-04-01T00:00+05:00"),
        ("year", "2028-02-29T12:00:00Z", ALMATY, "2028", "2028-01-01T00:00+05:00", "2029-01-01T00:00+05:00"),
        # Daylight saving: days of 23 and 25 hours, months and quarters across a change.
        ("day", "2026-03-29T12:00:00Z", BERLIN, "2026-03-29", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("day", "2026-10-25T12:00:00Z", BERLIN, "2026-10-25", "2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("month", "2026-03-15T12:00:00Z", BERLIN, "2026-03", "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
        ("week", "2026-10-25T22:59:59Z", BERLIN, "2026-W43", "2026-10-19T00:00+02:00", "2026-10-26T00:00+01:00"),
        ("year", "2026-12-31T22:59:59Z", BERLIN, "2026", "2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00"),
        # Midnight that comes twice, and one that never comes.
        ("day", "2026-11-01T05:30:00Z", HAVANA, "2026-11-01", "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00"),
        ("day", "2018-11-04T12:00:00Z", "America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", "2018-11-05T02:00Z"),
        # Half an hour off.
        ("day", "2026-11-22T18:29:59Z", KOLKATA, "2026-11-22", "2026-11-22T00:00+05:30", "2026-11-23T00:00+05:30"),
        ("month", "2026-11-30T18:30:00Z", KOLKATA, "2026-12", "2026-12-01T00:00+05:30", "2027-01-01T00:00+05:30"),
    ],
)
def test_golden_periods(kind: str, moment: str, zone: str, name: str, begin: str, end: str) -> None:
    period = containing(Period(kind), at(moment), zone)
    assert (period.name, period.window.begin, period.window.end) == (name, at(begin), at(end))
    assert period.window.begin.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "day", "month"),
    [
        ("2026-11-30T18:59:59Z", "2026-11-29", "2026-10"),
        ("2026-11-30T19:00:00Z", "2026-11-30", "2026-11"),
        ("2028-03-01T00:00:00Z", "2028-02-29", "2028-02"),
        ("2027-01-01T00:00:00Z", "2026-12-31", "2026-12"),
    ],
)
def test_a_period_is_closed_from_the_midnight_that_ends_it(moment: str, day: str, month: str) -> None:
    assert last_closed(Period.DAY, at(moment), ALMATY).name == day
    assert last_closed(Period.MONTH, at(moment), ALMATY).name == month


@given(kinds, moments, zones)
def test_periods_tile_time(kind: Period, moment: datetime, zone: str) -> None:
    period = containing(kind, moment, zone)
    assert period.window.begin <= moment < period.window.end
    after, earlier = following(period, zone), previous(period, zone)
    assert (earlier.window.end, period.window.end) == (period.window.begin, after.window.begin)
    assert previous(after, zone) == following(earlier, zone) == period
    assert last_closed(kind, moment, zone) == earlier
    assert last_closed(kind, period.window.end, zone) == period
    assert period.window.begin == day_of(period.window.begin, zone)


@given(kinds, moments, zones)
def test_a_closed_period_is_read_from_days_alone(kind: Period, moment: datetime, zone: str) -> None:
    window = containing(kind, moment, zone).window
    assert [piece.tier for piece in cover(window, zone)] == ["day"]


@given(kinds, moments, st.timedeltas(timedelta(), timedelta(days=900)), zones)
def test_ranges_run_both_ways(kind: Period, moment: datetime, span: timedelta, zone: str) -> None:
    first, last = containing(kind, moment, zone), containing(kind, moment + span, zone)
    rising = list(up_to(first, last, zone))
    assert (rising[0], rising[-1]) == (first, last)
    assert list(down_to(last, first, zone)) == rising[::-1]
    assert list(up_to(last, previous(last, zone), zone)) == []


@pytest.mark.parametrize("kind", list(Period))
def test_the_periods_of_a_year_are_the_methodologys(kind: Period) -> None:
    first = containing(kind, at("2025-06-01T00:00Z"), ALMATY)
    last = containing(kind, at("2031-06-01T00:00Z"), ALMATY)
    found = [p.name for p in up_to(first, last, ALMATY) if year_of(p, ALMATY) == 2028]
    assert tuple(found) == periods_ending_in(2028, kind)
