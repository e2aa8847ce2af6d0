"""Which stretch of time a KPI's value is about: trailing windows and calendar periods, by the city's own clock.

A trailing window ends with the running minute and is cut at the granule its length calls for: 24 hours at the minute,
up to 91 days at the hour, 365 days at the city's midnight.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from simulators.moments import DAY, HOUR, MINUTE, milliseconds, moment
from simulators.truths.events import Window

LENGTH: Final = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "quarter": 91 * DAY, "year": 365 * DAY}
"""Of a trailing window, in ms, by the KPI's period."""


def trailing(period: str, now: int, timezone: str, *, cohort: bool = False) -> Window:
    """The window that ends at `now` (ms since 1970); of a cohort without the running minute."""
    minute = now // MINUTE * MINUTE
    end = minute if cohort else minute + MINUTE
    if period == "day":
        return minute + MINUTE - DAY, end
    if period == "year":
        return _midnight(_date(now, timezone) - timedelta(days=364), timezone), end
    return now // HOUR * HOUR + HOUR - LENGTH[period], end


def before(window: Window, period: str, timezone: str) -> Window:
    """The trailing window of the same length before; from midnight to midnight where this one begins at midnight."""
    begins = _date(window[0], timezone)
    if window[0] == _midnight(begins, timezone):
        return _midnight(begins - timedelta(days=LENGTH[period] // DAY), timezone), window[0]
    return window[0] - LENGTH[period], window[0]


def calendar(period: str, now: int, timezone: str) -> Window:
    """The city's own day, ISO week, month, quarter or year that `now` lies in."""
    begins = _first_day(period, _date(now, timezone))
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}[period]
    ends = _first_day(period, begins + timedelta(days=longest))
    return _midnight(begins, timezone), _midnight(ends, timezone)


def calendar_before(window: Window, period: str, timezone: str) -> Window:
    """The calendar period that ends where this one begins."""
    return calendar(period, window[0] - 1, timezone)


def _first_day(period: str, day: date) -> date:
    match period:
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, day.month - (day.month - 1) % 3, 1)
        case "year":
            return date(day.year, 1, 1)
        case _:
            return day


def _date(ms: int, timezone: str) -> date:
    return moment(ms).astimezone(ZoneInfo(timezone)).date()


def _midnight(day: date, timezone: str) -> int:
    return milliseconds(datetime.combine(day, time(), ZoneInfo(timezone)))
