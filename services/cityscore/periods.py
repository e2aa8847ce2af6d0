"""Calendar periods by name: `2027-03-09`, `2027-W05`, `2027-03`, `2027-Q1`, `2027`."""

from __future__ import annotations

from datetime import date, timedelta

from schemas.catalogue import Period


def periods_ending_in(year: int, period: Period) -> tuple[str, ...]:
    """The periods of one kind whose last day lies in a year, oldest first. Weeks are ISO weeks and end on Sunday."""
    match period:
        case Period.DAY:
            return tuple(day.isoformat() for day in _days(year))
        case Period.WEEK:
            return tuple(_week(day) for day in _days(year) if day.isoweekday() == 7)
        case Period.MONTH:
            return tuple(f"{year:04}-{month:02}" for month in range(1, 13))
        case Period.QUARTER:
            return tuple(f"{year:04}-Q{quarter}" for quarter in range(1, 5))
        case Period.YEAR:
            return (f"{year:04}",)


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days)]


def _week(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"
