"""docs/methodology*.md against the catalogue, against each other, and against what services/cityscore computes."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Final

import pytest

from schemas.catalogue import Catalogue, Category
from services.cityscore.attainment import attainment
from services.cityscore.boston import boston
from services.cityscore.catalogue import load_catalogue
from services.cityscore.explain import explain
from services.cityscore.index import score
from services.cityscore.ranking import rank
from services.cityscore.result import Score
from services.cityscore.rubric import Rubric, bands_of, rating_of
from services.cityscore.yearly import evaluate
from services.runtime.messages import LANGUAGES, Language
from tests.cityscore.golden import load_golden
from tests.docs.blocks import BLOCKS
from tests.docs.generate import BLOCK, path, regenerated
from tests.docs.words import local

TOPICS: Final = (
    "at-most",
    "mean-scores",
    "scale",
    "ranges",
    "up-to",
    "one-target",
    "districts",
    "zero-change",
    "occupancy",
    "per-head",
    "per-thousand",
    "departure",
    "removal",
    "four-limits",
    "air",
    "saved",
    "cases",
    "periods",
    "sections-of-initiatives",
    "empty-section",
    "levels",
    "stages",
    "video",
    "point-7-3",
    "criterion-3",
    "bands",
    "bonus",
    "missing-in-the-year",
    "official",
)
"""What the order leaves open, in the order of the documents' table."""

GOLDEN: Final = load_golden()
STEPS: Final = sorted(
    {
        *(step for case in GOLDEN.attainment for step in case.steps),
        *GOLDEN.city.steps,
        *GOLDEN.yearly.steps,
        *(step for case in GOLDEN.boston.ratios for step in case.steps),
    }
)
OPERATORS: Final[dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
everywhere = pytest.mark.parametrize("lang", LANGUAGES)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def text(lang: Language) -> str:
    return path(lang).read_text("utf-8")


@everywhere
def test_generated_parts_are_what_would_be_written_now(catalogue: Catalogue, lang: Language) -> None:
    assert text(lang) == regenerated(text(lang), catalogue, lang), "run make docs"


@everywhere
def test_every_generated_part_stands_once(lang: Language) -> None:
    assert sorted(found["name"] for found in BLOCK.finditer(text(lang))) == sorted(BLOCKS)


@everywhere
def test_every_kpi_has_a_row(catalogue: Catalogue, lang: Language) -> None:
    body = next(found["body"] for found in BLOCK.finditer(text(lang)) if found["name"] == "catalogue")
    assert re.findall(r"^\| (\d+\.\d+) \|", body, re.MULTILINE) == [
        kpi.code for initiative in catalogue.initiatives for kpi in initiative.kpis
    ]


@everywhere
def test_every_interpretation_of_the_catalogue_is_listed(catalogue: Catalogue, lang: Language) -> None:
    body = next(found["body"] for found in BLOCK.finditer(text(lang)) if found["name"] == "interpretations")
    listed = {
        code: line
        for codes, line in re.findall(r"^- \*\*([\d., ]+)\.\*\* (.+)$", body, re.MULTILINE)
        for code in codes.split(", ")
    }
    for kpi in (kpi for initiative in catalogue.initiatives for kpi in initiative.kpis):
        expected = kpi.interpretation and getattr(kpi.interpretation, lang)
        assert listed.get(kpi.code) == expected, kpi.code


@everywhere
def test_languages_have_the_same_structure(lang: Language) -> None:
    assert skeleton(lang) == skeleton("en")


@everywhere
def test_every_open_point_says_what_the_order_has_what_is_taken_and_why(lang: Language) -> None:
    rows = re.findall(r'^\| <a id="([\w-]+)"></a>(.+) \|$', text(lang), re.MULTILINE)
    assert tuple(topic for topic, _ in rows) == TOPICS
    for topic, row in rows:
        cells = [cell.strip() for cell in row.split(" | ")]
        assert len(cells) == 4, topic
        assert all(len(cell) > 3 for cell in cells), topic


@everywhere
@pytest.mark.parametrize("step", STEPS)
def test_documents_show_every_step(lang: Language, step: str) -> None:
    assert local(step, lang) in text(lang)


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_right(step: str) -> None:
    left, sign, right = re.split(r" ([=≈]) ", step)
    decimals = len(right.partition(".")[2])
    assert (result(left) if sign == "=" else round(result(left), decimals)) == result(right)


def test_attainments_are_as_worked_by_hand(catalogue: Catalogue) -> None:
    targets = {kpi.code: kpi.targets for initiative in catalogue.initiatives for kpi in initiative.kpis}
    for case in GOLDEN.attainment:
        target = targets[case.code].of(case.category)
        assert target is not None
        assert attainment(target, case.value) == pytest.approx(case.attainment, abs=1e-12)
        if case.upper is not None:
            assert attainment(target, case.value, absent=1.0) == pytest.approx(case.upper, abs=1e-12)


def test_city_is_as_worked_by_hand(catalogue: Catalogue) -> None:
    city, found = GOLDEN.city, worked_city(catalogue)
    assert {code: kpi.attainment for code, kpi in found.kpis.items() if kpi.attainment is not None} == pytest.approx(
        city.attainments
    )
    assert {code: section.score for code, section in found.sections.items()} == pytest.approx(city.sections)
    for section, weight in city.section_weights.items():
        assert sum(kpi.weight for kpi in found.kpis.values() if kpi.section is section) == weight
    assert (found.index, found.total) == pytest.approx((city.index, city.total))
    bounds = (round(found.lower, 4), round(found.upper, 4), round(found.coverage, 4))
    assert bounds == (city.lower, city.upper, city.coverage)
    assert found.rating == city.rating


def test_points_of_a_kpi_are_as_worked_by_hand(catalogue: Catalogue) -> None:
    kpis = explain(catalogue, worked_city(catalogue)).kpis
    kpi = next(kpi for kpi in kpis if kpi.code == GOLDEN.city.kpi.code)
    assert (round(kpi.points, 4), round(kpi.gain, 4)) == (GOLDEN.city.kpi.points, GOLDEN.city.kpi.gain)


@pytest.mark.parametrize("without_case", [False, True])
def test_year_is_as_worked_by_hand(catalogue: Catalogue, without_case: bool) -> None:
    case = GOLDEN.yearly
    empty = {case.code: case.without_case} if without_case else {}
    found = evaluate(
        Rubric.of(catalogue, case.category), "A", case.year, {case.code: case.values}, not_applicable=empty
    )
    expected = case.attainment_without_case if without_case else case.attainment
    assert round(found.score.kpis[case.code].attainment or 0, 4) == expected


def test_bands_and_ratios_are_as_worked_by_hand(catalogue: Catalogue) -> None:
    bands = bands_of(catalogue.methodology)
    assert [rating_of(bands, case.total) for case in GOLDEN.bands] == [case.rating for case in GOLDEN.bands]
    rubric = Rubric.of(catalogue, GOLDEN.boston.category)
    for case in GOLDEN.boston.ratios:
        assert boston(rubric, {"day": {case.code: case.value}}).kpis[case.code]["day"] == pytest.approx(case.ratio)


def test_places_are_as_worked_by_hand(catalogue: Catalogue) -> None:
    like = worked_city(catalogue)
    cities = {case.city: replace(like, total=case.total) for case in GOLDEN.places}
    places = rank(cities)[Category.DISTRICT]
    assert [(place.city, place.rank) for place in places] == [(case.city, case.place) for case in GOLDEN.places]


def worked_city(catalogue: Catalogue) -> Score:
    city = GOLDEN.city
    return score(
        catalogue,
        city.category,
        dict(city.values),
        additional=city.additional,
        not_applicable=city.not_applicable,
    )


def skeleton(lang: Language) -> list[str]:
    """What the languages must share: headings by level, blocks, lists, tables by their rows and columns."""
    shapes = (r"#+ ", r"<!-- .+ -->", r"- ", r"\d+\. ", r"\|")
    lines = (line for line in text(lang).splitlines() if line)
    return [
        f"{found.group()}{line.count(' | ') if line.startswith('|') else ''}"
        for line in lines
        if (found := next(filter(None, (re.match(shape, line) for shape in shapes)), None))
    ]


def result(expression: str) -> Fraction:
    """A line of arithmetic, exactly."""
    plain = expression.replace("÷", "/").replace("×", "*").replace("−", "-")
    return _value(ast.parse(plain, mode="eval").body)


def _value(node: ast.expr) -> Fraction:
    match node:
        case ast.Constant(value=int() | float() as value):
            return Fraction(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_value(operand)
        case ast.BinOp(left=left, op=op, right=right):
            return OPERATORS[type(op)](_value(left), _value(right))
    raise ValueError(ast.dump(node))
