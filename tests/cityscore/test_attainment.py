from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category, Target
from services.cityscore.attainment import UPDATE_PARTS, attainment
from services.cityscore.errors import InputError
from tests.cityscore import strategies as some
from tests.cityscore.golden import AttainmentCase, load_golden

TARGETS = {kpi.code: kpi.targets for initiative in some.CATALOGUE.initiatives for kpi in initiative.kpis}
LIMITS = {"safety": 1, "housing": 24, "ecology": 1, "education": 24}


@pytest.mark.parametrize("case", load_golden().attainment, ids=lambda case: f"{case.op} {case.code} {case.value}")
def test_worked_by_hand(case: AttainmentCase) -> None:
    target = TARGETS[case.code].of(case.category)
    assert target is not None
    assert target.op == case.op
    assert attainment(target, case.value) == pytest.approx(case.attainment, abs=1e-15)
    if case.upper is not None:
        assert attainment(target, case.value, absent=1.0) == pytest.approx(case.upper, abs=1e-15)


def test_every_kind_of_target_is_worked_by_hand() -> None:
    kinds = {target.op for targets in TARGETS.values() for c in Category if (target := targets.of(c)) is not None}
    assert kinds == {case.op for case in load_golden().attainment}


@given(st.data(), some.targets)
def test_stays_within_0_and_1(data: st.DataObject, target: Target) -> None:
    assert 0 <= attainment(target, data.draw(some.values_for(target))) <= 1


@given(st.data(), st.one_of(some.at_least(), some.change("increase"), some.no_worse("increase")))
def test_more_is_never_worse_where_more_is_wanted(data: st.DataObject, target: Target) -> None:
    low, high = sorted(_two_numbers(data, target))
    assert attainment(target, low) <= attainment(target, high)


@given(st.data(), st.one_of(some.at_most(), some.change("decrease"), some.no_worse("decrease")))
def test_more_is_never_better_where_less_is_wanted(data: st.DataObject, target: Target) -> None:
    low, high = sorted(_two_numbers(data, target))
    assert attainment(target, low) >= attainment(target, high)


@given(st.data(), some.between())
def test_nearer_to_the_range_is_never_worse(data: st.DataObject, target: Target) -> None:
    assert target.op == "between"
    low, high = sorted(_two_numbers(data, target))
    if high <= target.low:
        assert attainment(target, low) <= attainment(target, high)
    if low >= target.high:
        assert attainment(target, low) >= attainment(target, high)


@given(st.data(), some.each_at_most())
def test_updating_more_often_is_never_worse(data: st.DataObject, target: Target) -> None:
    hours = data.draw(some.values_for(target))
    assert isinstance(hours, dict)
    part = data.draw(st.sampled_from(sorted(hours)))
    assert attainment(target, {**hours, part: hours[part] / 2}) >= attainment(target, hours)


@given(st.data(), some.targets)
def test_is_1_exactly_when_the_target_is_met(data: st.DataObject, target: Target) -> None:
    edge = some.met(target)
    near = [edge]
    if isinstance(edge, float):
        near += [math.nextafter(edge, math.inf), math.nextafter(edge, -math.inf)]
    value = data.draw(st.one_of(some.values_for(target), st.sampled_from(near)))
    if isinstance(value, float) and value < 0 and target.op in (">=", "<=", "between"):
        value = 0.0
    assert (attainment(target, value) == 1) == _meets(target, value)


def test_the_smallest_miss_of_one_part_is_seen_in_the_mean() -> None:
    target = some.target(op="each_at_most", value=LIMITS)
    assert attainment(target, {**LIMITS, "safety": math.nextafter(1, 2)}) < 1


def test_an_absent_part_counts_0_or_1_in_the_upper_bound() -> None:
    target = some.target(op="each_at_most", value=LIMITS)
    hours = {part: 1.0 for part in UPDATE_PARTS if part != "ecology"}
    assert attainment(target, hours) == 0.75
    assert attainment(target, hours, absent=1.0) == 1


WRONG: list[tuple[dict[str, Any], Any, str]] = [
    *(({"op": op, "value": 5}, -0.1, "cityscore.negative") for op in (">=", "<=")),
    ({"op": "between", "low": 1, "high": 2}, -1, "cityscore.negative"),
    *(({"op": op, "value": 5}, -100.5, "cityscore.change_too_low") for op in ("decrease", "increase")),
    ({"op": "no_worse", "direction": "decrease"}, -101, "cityscore.change_too_low"),
    *(({"op": ">=", "value": 5}, v, "cityscore.not_finite") for v in (math.nan, math.inf, -math.inf, 10**400)),
    *(({"op": ">=", "value": 5}, v, "cityscore.not_a_number") for v in (None, "5", True, [5], {"safety": 1})),
    ({"op": "each_at_most", "value": LIMITS}, 3, "cityscore.parts_needed"),
    ({"op": "each_at_most", "value": LIMITS}, {"water": 3}, "cityscore.unknown_part"),
    ({"op": "each_at_most", "value": LIMITS}, {"safety": -1}, "cityscore.negative"),
    ({"op": "each_at_most", "value": LIMITS}, {"safety": None}, "cityscore.not_a_number"),
    ({"op": "each_at_most", "value": LIMITS}, {"safety": math.nan}, "cityscore.not_finite"),
]


@pytest.mark.parametrize(("target", "value", "key"), WRONG, ids=str)
def test_what_is_no_value_is_refused(target: dict[str, Any], value: Any, key: str) -> None:
    with pytest.raises(InputError) as caught:
        attainment(some.target(**target), value)
    assert caught.value.key == key


def _two_numbers(data: st.DataObject, target: Target) -> list[float]:
    drawn = [data.draw(some.values_for(target)) for _ in range(2)]
    return [value for value in drawn if isinstance(value, float)]


def _meets(target: Target, value: Any) -> bool:
    match target.op:
        case ">=" | "increase":
            return bool(value >= target.value)
        case "<=":
            return bool(value <= target.value)
        case "between":
            return bool(target.low <= value <= target.high)
        case "decrease":
            return bool(-value >= target.value)
        case "no_worse":
            return bool(value <= 0 if target.direction == "decrease" else value >= 0)
        case "each_at_most":
            limits = target.value.model_dump()
            return set(value) == set(limits) and all(value[part] <= limits[part] for part in limits)
