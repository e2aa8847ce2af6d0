"""Targets, values and cities for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from schemas.catalogue import Category, Target
from services.cityscore.attainment import UPDATE_PARTS, Value
from services.cityscore.catalogue import load_catalogue
from services.cityscore.policy import Policy
from services.cityscore.rubric import Rubric, Rubrics

CATALOGUE = load_catalogue()
RUBRICS = Rubrics(CATALOGUE)
CODES = [kpi.code for initiative in CATALOGUE.initiatives for kpi in initiative.kpis]

_TARGET: TypeAdapter[Target] = TypeAdapter(Target)
_positive = st.floats(min_value=1e-3, max_value=1e6)
_numbers = st.floats(min_value=0, max_value=1e300)
_changes = st.one_of(st.floats(min_value=-100, max_value=200), st.floats(min_value=-100, max_value=1e300))


def target(**fields: Any) -> Target:
    """A target of any kind."""
    return _TARGET.validate_python(fields)


def at_least() -> st.SearchStrategy[Target]:
    return _positive.map(lambda value: target(op=">=", value=value))


def at_most() -> st.SearchStrategy[Target]:
    return _positive.map(lambda value: target(op="<=", value=value))


def between() -> st.SearchStrategy[Target]:
    return st.tuples(_positive, _positive).map(lambda ends: target(op="between", low=min(ends), high=max(ends)))


def change(op: str) -> st.SearchStrategy[Target]:
    return st.floats(min_value=0.1, max_value=100).map(lambda value: target(op=op, value=value))


def no_worse(direction: str) -> st.SearchStrategy[Target]:
    return st.just(target(op="no_worse", direction=direction))


def each_at_most() -> st.SearchStrategy[Target]:
    limits = st.fixed_dictionaries(dict.fromkeys(UPDATE_PARTS, _positive))
    return limits.map(lambda value: target(op="each_at_most", value=value))


def values_for(kind: Target) -> st.SearchStrategy[Value]:
    """Values a KPI with such a target can have."""
    if kind.op == "each_at_most":
        return st.dictionaries(st.sampled_from(UPDATE_PARTS), _numbers, min_size=1)
    return _changes if kind.op in ("decrease", "increase", "no_worse") else _numbers


def met(kind: Target) -> Value:
    """A value that just meets a target."""
    match kind.op:
        case "each_at_most":
            return kind.value.model_dump()
        case "between":
            return kind.low
        case "decrease":
            return -kind.value
        case "no_worse":
            return 0.0
        case _:
            return kind.value


targets = st.one_of(
    at_least(),
    at_most(),
    between(),
    change("decrease"),
    change("increase"),
    no_worse("decrease"),
    no_worse("increase"),
    each_at_most(),
)
policies = st.builds(
    Policy,
    missing=st.sampled_from(["skip", "zero"]),
    levels=st.sampled_from(["annex2", "annex4"]),
    stages=st.sampled_from(["all", "due"]),
    year=st.sampled_from([2027, 2028, 2030]),
)
rubrics = st.builds(RUBRICS.of, st.sampled_from(Category), policies)


@st.composite
def cities(draw: st.DrawFn, rubric: Rubric) -> dict[str, Value]:
    """Values of some KPIs of the order, in any order."""
    codes = (
        draw(st.lists(st.sampled_from(sorted(rubric.criteria)), unique=True, max_size=12)) if rubric.criteria else []
    )
    return {code: draw(values_for(rubric.criteria[code].target)) for code in codes}
