from __future__ import annotations

import pytest

from schemas.catalogue import Period
from services.cityscore.periods import periods_ending_in


@pytest.mark.parametrize(
    ("year", "period", "count", "first", "last"),
    [
        (2027, Period.DAY, 365, "2027-01-01", "2027-12-31"),
        (2028, Period.DAY, 366, "2028-01-01", "2028-12-31"),
        (2027, Period.WEEK, 52, "2026-W53", "2027-W51"),
        (2028, Period.WEEK, 53, "2027-W52", "2028-W52"),
        (2027, Period.MONTH, 12, "2027-01", "2027-12"),
        (2027, Period.QUARTER, 4, "2027-Q1", "2027-Q4"),
        (2027, Period.YEAR, 1, "2027", "2027"),
    ],
)
def test_periods_that_end_in_a_year(year: int, period: Period, count: int, first: str, last: str) -> None:
    periods = periods_ending_in(year, period)
    assert (len(set(periods)), periods[0], periods[-1]) == (count, first, last)


def test_every_week_ends_in_exactly_one_year() -> None:
    weeks = [week for year in range(2020, 2040) for week in periods_ending_in(year, Period.WEEK)]
    assert len(weeks) == len(set(weeks))
    assert weeks == sorted(weeks)
