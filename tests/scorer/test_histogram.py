"""Bins: every percentile within the stated error, and merging is adding."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.histogram import RELATIVE_ERROR, bin_of, middle_of, percentile

YEAR_MS = 366 * 86_400_000
VALUES = st.lists(st.one_of(st.integers(0, 200), st.integers(0, YEAR_MS), st.integers(0, 2**62)), max_size=200)


def exact(values: list[int], percent: int) -> int:
    """Nearest rank, by its definition."""
    return min(v for v in values if 100 * sum(w <= v for w in values) >= percent * len(values))


@given(VALUES, st.integers(1, 100))
def test_a_percentile_is_within_the_stated_error_of_the_exact_one(values: list[int], percent: int) -> None:
    found = percentile(Counter(map(bin_of, values)), percent)
    if not values:
        assert found is None
        return
    expected = exact(values, percent)
    assert found is not None
    assert abs(Fraction(found) - expected) <= RELATIVE_ERROR * expected


@given(VALUES, VALUES)
def test_merging_is_adding(first: list[int], second: list[int]) -> None:
    merged = Counter(map(bin_of, first)) + Counter(map(bin_of, second))
    assert merged == Counter(map(bin_of, [*first, *second]))


@given(st.integers(0, 2**62))
def test_bins_are_in_the_order_of_their_values(value: int) -> None:
    assert bin_of(value) <= bin_of(value + 1) <= bin_of(value) + 1
    assert bin_of(int(middle_of(bin_of(value)))) == bin_of(value)


def test_bins_that_were_taken_away_again_have_no_part() -> None:
    assert percentile({3: 0, 7: 2, 9: 0}, 99) == 7.0
    assert percentile({3: 0}, 50) is None


def test_small_values_are_exact_and_a_year_needs_fewer_than_a_thousand_bins() -> None:
    assert [middle_of(bin_of(v)) for v in range(64)] == list(range(64))
    assert bin_of(YEAR_MS) == 986
    assert all(a < b for a, b in pairwise(map(middle_of, range(987))))
