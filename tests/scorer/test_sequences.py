"""Sequence numbers as ranges, whatever order they come in."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.scorer.sequences import GREATEST, MOST_RESTARTS, epochs, ranges, text


@given(st.sets(st.integers(0, 60), min_size=1))
def test_ranges_hold_exactly_the_numbers(numbers: set[int]) -> None:
    found = ranges(numbers)
    assert {number for begin, end in found for number in range(begin, end)} == numbers
    assert all(end < begin for (_, end), (begin, _) in pairwise(found)), "they do not touch"


def test_a_number_that_comes_again_begins_another_count() -> None:
    assert epochs(["8", "9", "1", "2", "8"], restarts=True) == [[(1, 3), (8, 10)], [(8, 9)]]
    assert epochs(["298", "300", "1", "2"], restarts=True) == [[(298, 299), (300, 301)], [(1, 3)]]
    assert epochs(["298", "300", "1", "299"], restarts=True) == [[(1, 2), (298, 301)]]
    assert epochs(["8", "9", "9"], restarts=False) == [[(8, 10)]]
    assert epochs([None, None], restarts=True) == []


def test_a_source_that_does_not_count_is_not_followed() -> None:
    found = epochs(["1"] * 1000, restarts=True)
    assert found == [[(1, 2)]] * (MOST_RESTARTS + 1)


def test_a_number_no_integer_column_holds_is_left_out() -> None:
    assert ranges({3, GREATEST, GREATEST + 1}) == [(3, 4)]
    assert epochs(["9999999999999999999"], restarts=True) == [[]]


def test_the_form_is_postgresqls() -> None:
    assert text([(1, 3), (8, 9)]) == "{[1,3),[8,9)}"
    assert text([]) == "{}"
