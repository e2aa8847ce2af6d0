from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from services.cityscore.errors import InputError
from services.cityscore.initiatives import AdditionalInitiative
from services.cityscore.rubric import Rubric
from services.cityscore.yearly import Evaluation, evaluate, freeze
from tests.cityscore import strategies as some
from tests.cityscore.golden import load_golden
from tests.cityscore.small import catalogue, initiative, kpi
from tests.cityscore.test_initiatives import GOOD

HIGH = {"op": ">=", "value": 50}
QUARTERLY = Rubric.of(catalogue(initiative(2, "city_management", [kpi("2.1", HIGH, period="quarter")])), "district")
FULL = {"2.1": {"2027-Q1": 50, "2027-Q2": 50, "2027-Q3": 50, "2027-Q4": 50}}


def test_worked_by_hand() -> None:
    case = load_golden().yearly
    rubric = Rubric.of(some.CATALOGUE, case.category)
    values = {case.code: case.values}
    with_gap = evaluate(rubric, "x", case.year, values).score
    left_out = evaluate(rubric, "x", case.year, values, not_applicable={case.code: case.without_case}).score
    assert with_gap.kpis[case.code].attainment == pytest.approx(case.attainment)
    assert left_out.kpis[case.code].attainment == pytest.approx(case.attainment_without_case, abs=6e-5)
    assert with_gap.kpis["2.1"].attainment == 0


def test_a_missing_period_counts_0_and_widens_the_bounds() -> None:
    score = evaluate(QUARTERLY, "x", 2027, {"2.1": {"2027-Q1": 25, "2027-Q4": 50}}).score
    assert (score.index, score.lower, score.upper) == (37.5, 37.5, 87.5)


def test_a_kpi_without_a_case_all_year_is_left_out() -> None:
    score = evaluate(QUARTERLY, "x", 2027, {}, not_applicable={"2.1": list(FULL["2.1"])}).score
    assert (score.index, score.kpis) == (None, {})


def test_additional_initiatives_that_meet_the_criteria_count() -> None:
    initiatives = [AdditionalInitiative(**GOOD), AdditionalInitiative(**{**GOOD, "indicators": 0})]
    assert evaluate(QUARTERLY, "x", 2027, FULL, initiatives).score.total == 102


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"2.1": {"2026-Q4": 1}}, "cityscore.unknown_period"),
        ({"2.1": {"2027-01": 1}}, "cityscore.unknown_period"),
        ({"2.9": {"2027-Q1": 1}}, "cityscore.unknown_code"),
        ({"2.1": {"2027-Q1": None}}, "cityscore.not_a_number"),
    ],
)
def test_what_cannot_be_evaluated(values: Any, key: str) -> None:
    with pytest.raises(InputError) as caught:
        evaluate(QUARTERLY, "x", 2027, values)
    assert caught.value.key == key


def test_frozen_on_31_january_and_revised_beside() -> None:
    first = evaluate(QUARTERLY, "x", 2027, FULL)
    with pytest.raises(InputError, match="too_early"):
        freeze(first, date(2028, 1, 30))
    frozen = freeze(first, date(2028, 1, 31))
    assert (frozen.hash, frozen.official, frozen.revisions) == (first.hash, first, ())
    late = evaluate(QUARTERLY, "x", 2027, {"2.1": {**FULL["2.1"], "2027-Q4": 25}})
    revised = frozen.revised(late).revised(late)
    assert (revised.official, revised.revisions) == (first, (late,))
    assert frozen.revised(first) == frozen
    with pytest.raises(ValueError, match="same city"):
        frozen.revised(Evaluation("y", 2027, late.score))


def test_the_hash_covers_city_year_values_and_catalogue() -> None:
    first = evaluate(QUARTERLY, "x", 2027, FULL)
    others = [
        Evaluation("y", 2027, first.score),
        Evaluation("x", 2028, first.score),
        evaluate(QUARTERLY, "x", 2027, {}),
        evaluate(
            Rubric.of(catalogue(initiative(2, "safety", [kpi("2.1", HIGH, period="quarter")])), "district"),
            "x",
            2027,
            FULL,
        ),
    ]
    assert len({first.hash, *(other.hash for other in others)}) == 5
