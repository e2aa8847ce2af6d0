from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category, SectionCode
from services.cityscore.attainment import Value
from services.cityscore.errors import InputError
from services.cityscore.index import score, score_with
from services.cityscore.policy import Policy
from services.cityscore.result import Score, score_from_json
from services.cityscore.rubric import Rubric, rating_of
from tests.cityscore import strategies as some
from tests.cityscore.golden import BandCase, load_golden
from tests.cityscore.small import TEXT, catalogue, initiative, kpi

HIGH = {"op": ">=", "value": 50}
LOW = {"op": "<=", "value": 10}
SMALL = catalogue(
    initiative(2, "city_management", [kpi("2.1", HIGH, weight=3), kpi("2.2", LOW, weight=1)]),
    initiative(9, "safety", [kpi("9.1", HIGH, weight=2)]),
)


def test_a_city_worked_by_hand() -> None:
    case = load_golden().city
    result = score(
        some.CATALOGUE,
        case.category,
        case.values,
        additional=case.additional,
        not_applicable=case.not_applicable,
    )
    reached = {code: result.kpis[code].attainment for code in case.attainments}
    assert reached == pytest.approx(case.attainments)
    assert {code: section.score for code, section in result.sections.items()} == pytest.approx(case.sections)
    assert (result.index, result.total) == pytest.approx((case.index, case.total))
    assert (result.lower, result.upper, result.coverage) == pytest.approx(
        (case.lower, case.upper, case.coverage), abs=6e-5
    )
    assert result.rating == case.rating
    assert result.kpis[case.kpi.code].points == pytest.approx(case.kpi.points, abs=6e-5)
    assert not result.kpis.keys() & set(case.not_applicable)


@pytest.mark.parametrize("case", load_golden().bands, ids=str)
def test_bands(case: BandCase) -> None:
    assert rating_of(Rubric.of(some.CATALOGUE, "district").bands, case.total) == case.rating


def test_a_band_is_reached_within_9_decimals() -> None:
    bands = Rubric.of(some.CATALOGUE, "district").bands
    assert rating_of(bands, 90 - 1e-10) == "excellent"
    assert rating_of(bands, 90 - 1e-8) == "good"


def test_missing_is_skipped_or_0() -> None:
    values: dict[str, Value] = {"2.1": 25}
    skip = score(SMALL, "district", values)
    zero = score(SMALL, "district", values, Policy(missing="zero"))
    assert (skip.index, zero.index) == (50, 100 * (25 * 3 / 8) / 50)
    assert (skip.lower, skip.upper) == (zero.lower, zero.upper) == (18.75, 81.25)
    assert skip.coverage == zero.coverage == 0.375
    assert skip.kpis["9.1"].attainment is None
    assert zero.kpis["9.1"].attainment == 0
    assert skip.sections[SectionCode.SAFETY].score is None


def test_nothing_known_is_no_score() -> None:
    result = score(SMALL, "district", {}, additional=3)
    assert (result.index, result.total, result.rating) == (None, None, None)
    assert (result.lower, result.upper, result.coverage) == (0, 100, 0)


def test_everything_not_applicable_is_no_score() -> None:
    result = score(SMALL, "district", {}, Policy(missing="zero"), not_applicable=["2.1", "2.2", "9.1"])
    assert (result.index, result.lower, result.upper, result.coverage) == (None, 0, 100, 0)
    assert result.kpis == {}


def test_not_applicable_is_not_missing() -> None:
    result = score(SMALL, "district", {"2.1": 50, "9.1": 50}, Policy(missing="zero"), not_applicable=["2.2"])
    assert (result.index, result.coverage) == (100, 1)


def test_more_than_the_target_is_not_more_than_1() -> None:
    assert score(SMALL, "district", {"2.1": 5000, "2.2": 0, "9.1": 51}).index == 100


def test_the_bonus_is_on_top_and_not_capped() -> None:
    result = score(SMALL, "district", {"2.1": 50, "2.2": 10, "9.1": 50}, additional=4)
    assert (result.index, result.upper, result.total, result.rating) == (100, 100, 108, "excellent")


def test_update_intervals_without_any_part_are_missing() -> None:
    limits = dict.fromkeys(("safety", "housing", "ecology", "education"), 1)
    one = catalogue(initiative(1, "city_management", [kpi("1.4", {"op": "each_at_most", "value": limits})]))
    assert score(one, "district", {"1.4": {}}).index is None
    partly = score(one, "district", {"1.4": {"safety": 2}})
    assert (partly.index, partly.lower, partly.upper) == (12.5, 12.5, 87.5)


def test_levels_and_exceptions() -> None:
    two = catalogue(
        initiative(5, "transport", [kpi("5.1", HIGH)], levels={"republican": {"stage": 1, "years": [2026, 2027]}}),
        initiative(9, "safety", [kpi("9.1", HIGH), kpi("9.2", HIGH, not_for={"district": TEXT})]),
    )
    assert set(Rubric.of(two, "district").criteria) == {"9.1"}
    assert set(Rubric.of(two, "republican").criteria) == {"5.1", "9.1", "9.2"}
    assert set(Rubric.of(two, "district", Policy(levels="annex4")).criteria) == {"5.1", "9.1", "9.2"}


@pytest.mark.parametrize(("year", "codes"), [(2026, set()), (2027, {"2.1"}), (2029, {"2.1"}), (2030, {"2.1", "13.1"})])
def test_stages_that_are_due(year: int, codes: set[str]) -> None:
    late = {"district": {"stage": 3, "years": [2029, 2030]}}
    two = catalogue(
        initiative(2, "city_management", [kpi("2.1", HIGH)]),
        initiative(13, "housing", [kpi("13.1", HIGH)], levels=late),
    )
    assert set(Rubric.of(two, "district", Policy(stages="due", year=year)).criteria) == codes


def test_how_many_kpis_each_category_has() -> None:
    assert {c.value: len(Rubric.of(some.CATALOGUE, c).criteria) for c in Category} == {
        "republican": 118,
        "regional": 97,
        "district": 47,
    }


@given(st.data(), some.rubrics)
def test_is_100_when_every_target_is_met(data: st.DataObject, rubric: Rubric) -> None:
    codes = data.draw(st.lists(st.sampled_from(sorted(rubric.criteria)), min_size=1)) if rubric.criteria else []
    chosen = rubric.criteria if rubric.policy.missing == "zero" else codes
    result = score_with(rubric, {code: some.met(rubric.criteria[code].target) for code in chosen})
    assert result.index == (100 if chosen else None)


@given(st.data(), some.rubrics)
def test_bounds_contain_the_index_and_points_add_up(data: st.DataObject, rubric: Rubric) -> None:
    result = score_with(rubric, data.draw(some.cities(rubric)))
    assert 0 <= result.lower <= result.upper <= 100
    assert 0 <= result.coverage <= 1
    if result.index is not None:
        assert result.lower <= result.index <= result.upper
        assert math.fsum(one.points for one in result.kpis.values()) == pytest.approx(result.index, abs=1e-9)
        assert math.fsum(one.points for one in result.sections.values()) == pytest.approx(result.index, abs=1e-9)
        assert math.fsum(one.max_points for one in result.kpis.values()) == pytest.approx(100)


@given(st.data(), some.rubrics)
def test_adding_a_met_kpi_never_lowers_a_section(data: st.DataObject, rubric: Rubric) -> None:
    if not rubric.criteria:
        return
    values = data.draw(some.cities(rubric))
    added = data.draw(st.sampled_from(sorted(rubric.criteria)))
    before = score_with(rubric, values)
    after = score_with(rubric, {**values, added: some.met(rubric.criteria[added].target)})
    for section, part in before.sections.items():
        assert part.score is None or (after.sections[section].score or 0) >= part.score - 1e-15


@given(st.data(), some.rubrics, st.randoms(use_true_random=False))
def test_the_order_of_values_never_matters(data: st.DataObject, rubric: Rubric, chance: random.Random) -> None:
    values = data.draw(some.cities(rubric))
    shuffled = list(values.items())
    chance.shuffle(shuffled)
    assert score_with(rubric, dict(shuffled)) == score_with(rubric, values)


@given(st.data(), st.sampled_from(Category))
def test_the_order_of_kpis_in_the_catalogue_never_matters(data: st.DataObject, category: Category) -> None:
    initiatives = tuple(i.model_copy(update={"kpis": i.kpis[::-1]}) for i in some.CATALOGUE.initiatives[::-1])
    reversed_rubric = Rubric.of(some.CATALOGUE.model_copy(update={"initiatives": initiatives}), category)
    rubric = some.RUBRICS.of(category)
    values = data.draw(some.cities(rubric))
    assert score_with(reversed_rubric, values) == score_with(rubric, values)


@given(st.data(), some.rubrics)
def test_json_and_back(data: st.DataObject, rubric: Rubric) -> None:
    result = score_with(rubric, data.draw(some.cities(rubric)), additional=2)
    assert score_from_json(result.to_json()) == result


@pytest.mark.parametrize("change", [{"index": "x"}, {"upper": None}, {"sections": {"sea": {}}}, {"category": "mars"}])
def test_a_score_that_is_none_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="not_a_score"):
        score_from_json({**score(SMALL, "district", {}).to_json(), **change})


@pytest.mark.parametrize(
    ("values", "options", "key", "params"),
    [
        ({"99.1": 1}, {}, "cityscore.unknown_code", {"code": "99.1"}),
        ({}, {"not_applicable": ["99.1"]}, "cityscore.unknown_code", {"code": "99.1"}),
        ({"2.1": 1}, {"not_applicable": ["2.1"]}, "cityscore.value_not_applicable", {"code": "2.1"}),
        ({"2.1": "much"}, {}, "cityscore.not_a_number", {"code": "2.1", "value": "much"}),
        ({"2.1": -1}, {}, "cityscore.negative", {"code": "2.1", "value": -1}),
        ({}, {"additional": -1}, "cityscore.bad_additional", {"value": -1}),
        ({}, {"additional": True}, "cityscore.bad_additional", {"value": True}),
        ({"2.1": 1}, {"additional": 1.5}, "cityscore.bad_additional", {"value": 1.5}),
    ],
    ids=str,
)
def test_what_cannot_be_scored(values: Any, options: dict[str, Any], key: str, params: dict[str, Any]) -> None:
    with pytest.raises(InputError) as caught:
        score(SMALL, "district", values, **options)
    assert (caught.value.key, caught.value.params) == (key, params)


def test_values_of_kpis_not_scored_are_checked_and_left_out() -> None:
    assert score(some.CATALOGUE, "district", {"5.1": 3}).index is None
    with pytest.raises(InputError, match="not_a_number"):
        score(some.CATALOGUE, "district", {"5.1": "x"})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="unknown_part"):
        score(some.CATALOGUE, "district", {"1.4": {"sea": 1}})


def test_an_unknown_category_and_policy() -> None:
    with pytest.raises(InputError, match="unknown_category"):
        score(SMALL, "mars", {})
    with pytest.raises(InputError, match="year_needed"):
        Policy(stages="due")
    with pytest.raises(InputError, match="unknown_choice"):
        Policy(missing="guess")  # type: ignore[arg-type]


def test_a_score_names_the_catalogue() -> None:
    result: Score = score(SMALL, "district", {})
    assert result.catalogue == SMALL.hash
    assert len(SMALL.hash) == 64
