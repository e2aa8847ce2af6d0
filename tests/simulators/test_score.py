"""The simulator's own reading of the order, and its arithmetic, beside the catalogue's: two hands, one order."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.catalogue import Category, Target
from services.cityscore.attainment import attainment as catalogue_attainment
from services.cityscore.catalogue import load_catalogue
from services.cityscore.index import score as catalogue_score
from services.cityscore.rubric import Rubric
from simulators import score
from simulators.score import CATEGORIES, ROWS, WEIGHTS

CATALOGUE = load_catalogue()


def stated(target: Target | None) -> str | None:
    """A catalogue's target in the words of `score.yaml`."""
    if target is None:
        return None
    match target.op:
        case "between":
            return f"{target.low:g} to {target.high:g}"
        case "decrease" | "increase":
            return f"{'fall' if target.op == 'decrease' else 'rise'} {target.value:g}"
        case "no_worse":
            return "not up" if target.direction == "decrease" else "not down"
        case "each_at_most":
            assert target.value.model_dump() == score.UPDATE_LIMITS
            return "each"
        case _:
            return f"{target.op} {target.value:.10g}"


def test_both_read_the_same_out_of_the_order() -> None:
    theirs = {
        kpi.code: (kpi.period.value, kpi.weight, tuple(stated(kpi.targets.of(category)) for category in Category))
        for initiative in CATALOGUE.initiatives
        for kpi in initiative.kpis
    }
    assert {code: (row.period, row.weight, row.targets) for code, row in ROWS.items()} == theirs
    assert len(ROWS) == 118
    assert {code.value: section.weight for code, section in CATALOGUE.methodology.sections.items()} == WEIGHTS


@pytest.mark.parametrize("category", CATEGORIES)
def test_both_score_the_same_rows_in_the_same_sections(category: score.Category) -> None:
    theirs = {code: (one.section.value, one.weight) for code, one in Rubric.of(CATALOGUE, category).criteria.items()}
    assert {code: (one.section, one.weight) for code, one in score.criteria(category).items()} == theirs


@pytest.mark.parametrize("category", CATEGORIES)
@given(data=st.data())
def test_both_come_to_the_same_index(category: score.Category, data: st.DataObject) -> None:
    codes = data.draw(st.sets(st.sampled_from([*score.criteria(category)]), max_size=20)) - {"1.4"}
    left_out = data.draw(st.sets(st.sampled_from([*score.criteria(category)]), max_size=5)) - codes
    values = {code: data.draw(st.integers(0, 20_000)) / 100 for code in sorted(codes)}
    exact = {code: Fraction(value) for code, value in values.items()}
    ours, theirs = (
        score.index(category, exact, left_out),
        catalogue_score(CATALOGUE, category, values, not_applicable=left_out),
    )
    assert (ours.index is None) == (theirs.index is None)
    if ours.index is not None and theirs.index is not None:
        assert float(ours.index) == pytest.approx(theirs.index, abs=1e-9)
    assert float(ours.lower) == pytest.approx(theirs.lower, abs=1e-9)
    assert float(ours.upper) == pytest.approx(theirs.upper, abs=1e-9)


@given(st.sampled_from([*ROWS]), st.sampled_from([*Category]), st.integers(-10_000, 30_000))
def test_both_attain_the_same(code: str, category: Category, hundredths: int) -> None:
    kpi = next(kpi for one in CATALOGUE.initiatives for kpi in one.kpis if kpi.code == code)
    target = kpi.targets.of(category)
    if target is None or target.op == "each_at_most":
        return
    change = target.op in ("decrease", "increase", "no_worse")
    value = hundredths / 100 if change else abs(hundredths) / 100
    ours = score.attainment(stated(target) or "", Fraction(value))
    assert float(ours) == pytest.approx(catalogue_attainment(target, value), abs=1e-12)


@given(st.dictionaries(st.sampled_from([*score.UPDATE_LIMITS]), st.floats(0.01, 100)), st.sampled_from([0, 1]))
def test_both_attain_the_same_of_updates(hours: dict[str, float], absent: int) -> None:
    kpi = next(kpi for one in CATALOGUE.initiatives for kpi in one.kpis if kpi.code == "1.4")
    target = kpi.targets.republican
    assert target is not None
    ours = score.attainment("each", {name: Fraction(value) for name, value in hours.items()}, absent)
    assert float(ours) == pytest.approx(catalogue_attainment(target, hours, absent=absent), abs=1e-12)


@pytest.mark.parametrize(
    ("code", "category", "value", "expected"),
    [
        ("2.1", "regional", Fraction(20), Fraction(1)),
        ("2.1", "regional", Fraction(40), Fraction(1, 2)),
        ("2.1", "regional", Fraction(0), Fraction(1)),
        ("1.8", "republican", Fraction(95), Fraction(1)),
        ("1.8", "republican", Fraction(19), Fraction(1, 5)),
        ("2.4", "district", Fraction(6000), Fraction(1)),
        ("5.2", "republican", Fraction(100), Fraction(9, 10)),
        ("5.2", "republican", Fraction(40), Fraction(1, 2)),
        ("1.12", "republican", Fraction(-100), Fraction(1)),
        ("1.12", "republican", Fraction(-2), Fraction(2, 5)),
        ("1.12", "republican", Fraction(3), Fraction(0)),
    ],
)
def test_attainment_counted_by_hand(code: str, category: score.Category, value: Fraction, expected: Fraction) -> None:
    assert score.attainment(score.criteria(category)[code].target, value) == expected


def test_index_weighs_what_has_a_value_section_by_section() -> None:
    values = {"2.1": Fraction(40), "2.2": Fraction(85)}
    management = (10 * Fraction(1, 2) + 9) / 19
    assert score.index("regional", values).index == 100 * management
    assert score.index("regional", {}).index is None
    both = score.index("regional", {**values, "12.1": Fraction(25)}).index
    assert both == 100 * (25 * management + 15) / 40


def test_a_district_is_not_scored_on_the_first_initiative() -> None:
    assert score.index("district", {"1.8": Fraction(0), "2.1": Fraction(30)}).index == 100
