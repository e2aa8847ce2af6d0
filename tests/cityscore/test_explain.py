from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cityscore.explain import explain
from services.cityscore.index import score, score_with
from services.cityscore.policy import Policy
from services.cityscore.rubric import Rubric
from tests.cityscore import strategies as some
from tests.cityscore.golden import load_golden
from tests.cityscore.test_index import SMALL


@given(st.data(), some.rubrics)
def test_a_gain_is_what_meeting_the_target_brings(data: st.DataObject, rubric: Rubric) -> None:
    values = data.draw(some.cities(rubric))
    before = score_with(rubric, values)
    if before.index is None:
        return
    for kpi in data.draw(st.lists(st.sampled_from(explain(some.CATALOGUE, before).kpis), max_size=3)):
        after = score_with(rubric, {**values, kpi.code: some.met(rubric.criteria[kpi.code].target)})
        assert after.index is not None
        assert kpi.gain == pytest.approx(after.index - before.index, abs=1e-9)


@given(st.data(), some.rubrics)
def test_closing_the_gap_reaches_the_next_band(data: st.DataObject, rubric: Rubric) -> None:
    values = data.draw(some.cities(rubric))
    before = score_with(rubric, values)
    gap = explain(some.CATALOGUE, before).gap
    if gap is None:
        assert before.total is None or before.rating == "excellent"
        return
    met = {kpi.code: some.met(rubric.criteria[kpi.code].target) for kpi in gap.kpis}
    after = score_with(rubric, {**values, **met})
    assert after.total is not None
    assert before.total is not None
    assert after.total >= gap.floor - 1e-9
    assert gap.points == gap.floor - before.total
    gains = [kpi.gain for kpi in gap.kpis]
    assert gains == sorted(gains, reverse=True)


def test_worked_by_hand() -> None:
    case = load_golden().city
    result = score(some.CATALOGUE, case.category, case.values, additional=1, not_applicable=case.not_applicable)
    contribution = next(kpi for kpi in explain(some.CATALOGUE, result).kpis if kpi.code == case.kpi.code)
    assert contribution.points == pytest.approx(case.kpi.points, abs=6e-5)
    assert contribution.gain == pytest.approx(case.kpi.gain, abs=6e-5)


def test_the_fewest_kpis_that_close_the_gap() -> None:
    result = score(SMALL, "district", {"2.1": 25, "2.2": 20, "9.1": 35})
    explanation = explain(SMALL, result)
    assert result.total == pytest.approx(60)
    assert [kpi.code for kpi in explanation.kpis] == ["2.1", "9.1", "2.2"]
    assert [kpi.gain for kpi in explanation.kpis] == pytest.approx([18.75, 15, 6.25])
    assert explanation.gap is not None
    assert (explanation.gap.rating, explanation.gap.floor) == ("good", 75)
    assert [kpi.code for kpi in explanation.gap.kpis] == ["2.1"]


def test_a_missing_kpi_gains_what_its_report_could_bring() -> None:
    result = score(SMALL, "district", {"2.1": 25})
    assert {kpi.code: kpi.gain for kpi in explain(SMALL, result).kpis} == {"2.1": 50, "9.1": 25, "2.2": 12.5}


def test_no_gap_in_the_highest_band_or_without_a_score() -> None:
    assert explain(SMALL, score(SMALL, "district", {"2.1": 50})).gap is None
    assert explain(SMALL, score(SMALL, "district", {})).gap is None
    assert explain(SMALL, score(SMALL, "district", {}, Policy(missing="zero"))).gap is not None
