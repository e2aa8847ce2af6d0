"""A day of every simulated system through the scorer's own fold: each KPI is what its truth says, to the last digit."""

from __future__ import annotations

import math
from datetime import timedelta
from fractions import Fraction
from functools import cache

import pytest

from schemas.snapshot import Window
from simulators.moments import DAY, moment
from simulators.streams import merged
from simulators.systems import SYSTEMS
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Asked, Value, answer
from tests.simulators.folded import KPIS, Town
from tests.simulators.small import CITIES

END = 1_795_046_400_000  # a midnight in UTC
WINDOW = Window(begin=moment(END - DAY), end=moment(END))
BEFORE = Window(begin=moment(END - 2 * DAY), end=moment(END - DAY))
ASKED = Asked((END - DAY, END), (END - 2 * DAY, END - DAY), END, DAY)


@cache
def town(code: str) -> tuple[Town, Events]:
    city = CITIES[code]
    facts = list(merged(system.facts(7, city, END - 2 * DAY, END) for system in SYSTEMS.values()))
    built = Town(city, facts, WINDOW.end + timedelta(hours=1))
    return built, Events(built.delivered, Place(city.category.value, city.timezone))


@pytest.mark.parametrize("code", TRUTHS)
@pytest.mark.parametrize("city", CITIES)
def test_the_scorer_says_what_the_truth_says(city: str, code: str) -> None:
    built, events = town(city)
    expected = answer(TRUTHS[code], events, ASKED)
    sums, found = built.value(code, WINDOW, BEFORE)
    assert (sums.numerator, sums.denominator) == (expected.numerator, expected.denominator)
    assert found.freshness == expected.state
    assert_same(found.value, expected.value)


@pytest.mark.parametrize("code", TRUTHS)
def test_sources_and_targets_of_a_truth_are_those_of_its_kpi(code: str) -> None:
    assert set(TRUTHS[code].sources) == set(KPIS[code].measure.sources)


def assert_same(found: object, expected: Value | None) -> None:
    """Floats against exact fractions, part by part."""
    if isinstance(expected, Fraction):
        assert isinstance(found, float)
        assert math.isclose(found, float(expected), rel_tol=1e-13)
    elif expected is None:
        assert found is None
    else:
        assert isinstance(found, dict)
        assert found.keys() == expected.keys()
        for name, part in expected.items():
            assert_same(found[name], part)
