from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category, SectionCode
from services.cityscore.index import score, score_with
from services.cityscore.result import Score
from services.cityscore.rubric import Rubric
from services.cityscore.waterfall import waterfall
from tests.cityscore import strategies as some
from tests.cityscore.test_index import SMALL


@st.composite
def scores(draw: st.DrawFn) -> Score:
    rubric = draw(some.rubrics)
    return score_with(rubric, draw(some.cities(rubric)), draw(st.integers(0, 5)))


def at_stake(score: Score, code: str, section: SectionCode) -> tuple[float, float]:
    """Index points of the KPI's section, and the KPI's share of them."""
    whole = math.fsum(kpi.max_points for kpi in score.kpis.values() if kpi.section is section)
    return whole, score.kpis[code].max_points / whole if whole and code in score.kpis else 0.0


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
def test_no_kpi_moves_more_than_it_has_at_stake(a: Score, b: Score) -> None:
    steps = waterfall(a, b).steps
    for code, section in {(step.code, step.section) for step in steps if step.code and step.section}:
        moved = abs(math.fsum(step.points for step in steps if step.code == code))
        stakes = [at_stake(score, code, section) for score in (a, b)]
        assert moved <= max(whole for whole, _ in stakes) * max(share for _, share in stakes) + 1e-9


@given(scores(), scores())
def test_the_way_back_is_the_way_there_reversed(a: Score, b: Score) -> None:
    there, back = (
        {step.code: step.points for step in waterfall(*way).steps if step.cause == "attainment"}
        for way in ((a, b), (b, a))
    )
    assert there == {code: pytest.approx(-points, abs=1e-9) for code, points in back.items()}


@given(st.data(), some.rubrics)
def test_where_the_same_is_known_a_step_is_what_its_kpi_gained(data: st.DataObject, rubric: Rubric) -> None:
    values = data.draw(some.cities(rubric))
    other = data.draw(some.cities(rubric))
    a, b = score_with(rubric, values), score_with(rubric, {**values, **{c: v for c, v in other.items() if c in values}})
    for step in waterfall(a, b).steps:
        assert step.code
        assert step.cause == "attainment"
        assert step.points == pytest.approx(b.kpis[step.code].points - a.kpis[step.code].points, abs=1e-9)


def test_who_appears_counts_as_far_as_it_differs_from_its_section() -> None:
    a = score(SMALL, "district", {"2.1": 25})
    b = score(SMALL, "district", {"2.1": 25, "2.2": 20})
    assert waterfall(a, b).steps == ()  # 2.2 has half of its target too: the index stands
    assert waterfall(b, score(SMALL, "district", {"2.1": 25, "2.2": 10})).end == 62.5


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
    # So 75 points are at stake in the section of 2.1, halfway; its mean goes from 1/2 to 1, and the index with it.
    assert [(step.code, step.cause, step.points) for step in waterfall(a, b).steps] == [
        ("2.1", "attainment", 32.8125),
        ("2.2", "disappeared", 4.6875),
        ("9.1", "appeared", 12.5),
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
