from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category
from services.cityscore.attainment import attainment
from services.cityscore.boston import CEILING, boston
from services.cityscore.errors import InputError
from services.cityscore.rubric import Rubric
from tests.cityscore import strategies as some
from tests.cityscore.golden import RatioCase, load_golden


@pytest.mark.parametrize("case", load_golden().boston.ratios, ids=lambda case: f"{case.code} {case.value}")
def test_worked_by_hand(case: RatioCase) -> None:
    rubric = Rubric.of(some.CATALOGUE, load_golden().boston.category)
    view = boston(rubric, {"day": {case.code: case.value}})
    assert view.kpis[case.code]["day"] == pytest.approx(case.ratio)


@given(st.data(), some.rubrics)
def test_a_ratio_is_1_or_more_exactly_when_the_target_is_met(data: st.DataObject, rubric: Rubric) -> None:
    values = data.draw(some.cities(rubric))
    view = boston(rubric, {"week": values})
    for code, value in values.items():
        ratio = view.kpis[code]["week"]
        assert ratio is not None
        assert 0 <= ratio <= CEILING
        assert (ratio >= 1) == (attainment(rubric.criteria[code].target, value) == 1)


def test_a_span_without_a_value_has_no_ratio() -> None:
    view = boston(some.RUBRICS.of(Category.DISTRICT), {"day": {"2.1": 60}, "month": {"2.1": 15, "2.2": 40}})
    assert view.kpis["2.1"] == {"day": 0.5, "week": None, "month": 2, "quarter": None}
    assert view.city == {"day": 0.5, "week": None, "month": 1.25, "quarter": None}


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({"decade": {}}, "cityscore.unknown_choice"),
        ({"day": {"99.9": 1}}, "cityscore.unknown_code"),
        ({"day": {"2.1": "x"}}, "cityscore.not_a_number"),
    ],
)
def test_what_cannot_be_shown(values: Any, key: str) -> None:
    with pytest.raises(InputError) as caught:
        boston(some.RUBRICS.of(Category.DISTRICT), values)
    assert caught.value.key == key
