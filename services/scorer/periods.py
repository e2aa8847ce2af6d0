"""Calendar periods in a city's own time: day, ISO week, month, quarter, year. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from schemas.catalogue import Period
from schemas.snapshot import Window
from services.cityscore.periods import name_of
from services.scorer.tiers import local_date, midnight


class CalendarPeriod(NamedTuple):
    """A period by name (`2027-03-09`, `2027-W05`, `2027-03`, `2027-Q1`, `2027`), from midnight to midnight."""

    kind: Period
    name: str
    window: Window
    """In UTC. A day has 23 or 25 hours where clocks change."""


def containing(kind: Period, moment: datetime, timezone: str) -> CalendarPeriod:
    """The period a moment lies in."""
    return _beginning(kind, _first_day(kind, local_date(moment, timezone)), timezone)


def previous(period: CalendarPeriod, timezone: str) -> CalendarPeriod:
    """The one that ends where this one begins."""
    day_before = local_date(period.window.begin, timezone) - timedelta(days=1)
    return _beginning(period.kind, _first_day(period.kind, day_before), timezone)


def following(period: CalendarPeriod, timezone: str) -> CalendarPeriod:
    """The one that begins where this one ends."""
    return _beginning(period.kind, local_date(period.window.end, timezone), timezone)


def last_closed(kind: Period, moment: datetime, timezone: str) -> CalendarPeriod:
    """The newest period that is over at a moment."""
    return previous(containing(kind, moment, timezone), timezone)


def up_to(first: CalendarPeriod, last: CalendarPeriod, timezone: str) -> Iterator[CalendarPeriod]:
    """From one period to another of its kind, both included, oldest first; none if the last lies before the first."""
    period = first
    while period.window.end <= last.window.end:
        yield period
        period = following(period, timezone)


def down_to(last: CalendarPeriod, first: CalendarPeriod, timezone: str) -> Iterator[CalendarPeriod]:
    """The same, newest first."""
    period = last
    while period.window.begin >= first.window.begin:
        yield period
        period = previous(period, timezone)


def year_of(period: CalendarPeriod, timezone: str) -> int:
    """The year its last day lies in."""
    return (local_date(period.window.end, timezone) - timedelta(days=1)).year


@lru_cache(maxsize=50_000)
def _beginning(kind: Period, first: date, timezone: str) -> CalendarPeriod:
    after = _first_day(kind, first + _MORE_THAN_ONE[kind])
    window = Window(begin=midnight(first, timezone), end=midnight(after, timezone))
    return CalendarPeriod(kind, name_of(kind, first), window)


_MORE_THAN_ONE = {
    Period.DAY: timedelta(days=1),
    Period.WEEK: timedelta(days=7),
    Period.MONTH: timedelta(days=31),
    Period.QUARTER: timedelta(days=92),
    Period.YEAR: timedelta(days=366),
}
"""From a period's first day into the next period: the length of the longest of its kind."""


def _first_day(kind: Period, day: date) -> date:
    match kind:
        case Period.DAY:
            return day
        case Period.WEEK:
            return day - timedelta(days=day.weekday())
        case Period.MONTH:
            return day.replace(day=1)
        case Period.QUARTER:
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case Period.YEAR:
            return day.replace(month=1, day=1)
