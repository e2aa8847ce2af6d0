from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category
from services.cityscore.index import score, score_with
from services.cityscore.result import Score
from services.cityscore.waterfall import waterfall
from tests.cityscore import strategies as some
from tests.cityscore.test_index import SMALL


@st.composite
def scores(draw: st.DrawFn) -> Score:
    rubric = draw(some.rubrics)
    return score_with(rubric, draw(some.cities(rubric)), draw(st.integers(0, 5)))


@given(scores(), scores())
def test_adds_up_to_the_difference_exactly(a: Score, b: Score) -> None:
    steps = waterfall(a, b).steps
    start, end = a.total or 0.0, b.total or 0.0
    levels = [start, *(step.end for step in steps)]
    assert [step.start for step in steps] == levels[:-1]
    assert levels[-1] == end
    exact = sum((Fraction(step.end) - Fraction(step.start) for step in steps), Fraction(0))
    assert exact == Fraction(end) - Fraction(start)
    assert math.fsum(step.points for step in steps) == pytest.approx(end - start, abs=1e-12)


@given(scores(), scores())
def test_every_step_is_what_its_kpi_changed(a: Score, b: Score) -> None:
    steps = waterfall(a, b).steps
    for code in a.kpis.keys() | b.kpis.keys():
        points = math.fsum(step.points for step in steps if step.code == code)
        before, after = (score.kpis[code].points if code in score.kpis else 0.0 for score in (a, b))
        assert points == pytest.approx(after - before, abs=1e-9)


@given(scores(), scores())
def test_sections_add_up_too(a: Score, b: Score) -> None:
    steps = waterfall(a, b)
    additional = sum(step.points for step in steps.steps if step.section is None)
    assert math.fsum(steps.sections().values()) + additional == pytest.approx(steps.end - steps.start, abs=1e-9)


@given(scores())
def test_nothing_changed_is_no_step(a: Score) -> None:
    assert waterfall(a, a).steps == ()


def test_causes() -> None:
    a = score(SMALL, "district", {"2.1": 25, "2.2": 20})
    b = score(SMALL, "district", {"2.1": 50, "9.1": 50}, additional=1)
    # a: 2.1 has 3/4 of 100 points at 1/2, 2.2 has 1/4 at 1/2. b: 2.1 has half of 100, 9.1 the other half, both met.
    assert [(step.code, step.cause, step.points) for step in waterfall(a, b).steps] == [
        ("2.1", "attainment", 31.25),
        ("2.1", "weight", -18.75),
        ("2.2", "disappeared", -12.5),
        ("9.1", "appeared", 50),
        (None, "additional", 2),
    ]
    assert (waterfall(a, b).start, waterfall(a, b).end) == (50, 102)


def test_from_no_score_to_one() -> None:
    nothing, something = score(SMALL, "district", {}), score(SMALL, "district", {"2.1": 25})
    steps = waterfall(nothing, something)
    assert (steps.start, steps.end) == (0, 50)
    assert waterfall(something, nothing).end == 0


def test_between_categories() -> None:
    a, b = (score(some.CATALOGUE, category, {"2.1": 20}) for category in (Category.REPUBLICAN, Category.DISTRICT))
    assert [(step.code, step.cause, step.points) for step in waterfall(a, b).steps] == [("2.1", "attainment", 50)]
