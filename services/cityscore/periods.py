"""Calendar periods by name: `2027-03-09`, `2027-W05`, `2027-03`, `2027-Q1`, `2027`."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from schemas.catalogue import Period


def name_of(period: Period, day: date) -> str:
    """The name of the period that contains a day."""
    match period:
        case Period.DAY:
            return day.isoformat()
        case Period.WEEK:
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case Period.MONTH:
            return f"{day.year:04}-{day.month:02}"
        case Period.QUARTER:
            return f"{day.year:04}-Q{(day.month + 2) // 3}"
        case Period.YEAR:
            return f"{day.year:04}"


@cache
def periods_ending_in(year: int, period: Period) -> tuple[str, ...]:
    """The periods of one kind whose last day lies in a year, oldest first. Weeks are ISO weeks and end on Sunday."""
    ends = [day for day in _days(year) if period is not Period.WEEK or day.isoweekday() == 7]
    return tuple(dict.fromkeys(name_of(period, day) for day in ends))


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]
