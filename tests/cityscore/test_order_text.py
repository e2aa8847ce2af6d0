"""The catalogue against the order's own text, row by row and in both languages.

`AHUAL_ORDER_TEXT` names the folder with `order-469.kk.txt` and `order-469.ru.txt`. A difference passes only if it is
listed, with its reason, in `order_differences_*.yaml` beside this file; a listed one that is gone fails too. An entry
of the field `meaning` lists cells (parted by "; ") that are kept as printed but contradict another cell or the other
language, so that something else is computed: they must be printed there, and the KPI's interpretation must say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from pydantic import TypeAdapter

import schemas
from schemas import yaml_text
from schemas.catalogue import AtLeast, Category, Function, Initiative, Methodology
from tests.cityscore import order_text
from tests.cityscore.order_comparison import (
    Difference,
    difference,
    kpi_differences,
    printed_targets,
    squeezed,
    stated,
)
from tests.cityscore.order_words import LANGUAGES, Language

ROWS = (21, 7, 7, 7, 7, 7, 7, 7, 9, 7, 6, 6, 5, 5, 5, 5)
CODES = [f"{table}.{row}" for table, rows in enumerate(ROWS, start=1) for row in range(1, rows + 1)]
SCHEMAS = Path(schemas.__file__).parent
METHODOLOGY = "methodology"
MEANING = "meaning"


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry of the difference files."""

    code: str
    field: str
    language: Language
    order_says: str
    catalogue_says: str
    reason: str

    def difference(self) -> Difference:
        """What the comparison would report."""
        return Difference(
            self.code, self.field, self.language, squeezed(self.order_says), squeezed(self.catalogue_says)
        )


def order_folder(environment: Mapping[str, str]) -> Path:
    """Where the order's text lies; fails or skips where it cannot be read."""
    named = environment.get("AHUAL_ORDER_TEXT")
    if named and Path(named).is_dir():
        return Path(named)
    if named:
        pytest.fail(f"AHUAL_ORDER_TEXT names a folder that does not exist: {named}")
    if environment.get("CI", "").lower() in {"true", "1"}:
        pytest.fail("CI must set AHUAL_ORDER_TEXT to the folder with the order's text")
    pytest.skip("AHUAL_ORDER_TEXT is not set: the order's text is not part of the repository")


@pytest.fixture(scope="module")
def texts() -> dict[Language, str]:
    folder = order_folder(os.environ)
    return {language: (folder / f"order-469.{language}.txt").read_text("utf-8") for language in LANGUAGES}


@pytest.fixture(scope="module")
def rows(texts: dict[Language, str]) -> dict[Language, dict[str, order_text.Row]]:
    tables = {language: order_text.kpi_tables(texts[language], language) for language in LANGUAGES}
    return {language: {row.code: row for _, body in tables[language].values() for row in body} for language in tables}


@pytest.fixture(scope="module")
def initiatives() -> dict[int, Initiative]:
    found = [
        Initiative.model_validate(yaml_text.parse(file.read_text("utf-8")))
        for file in sorted((SCHEMAS / "kpis").glob("*.yaml"))
    ]
    return {initiative.number: initiative for initiative in found}


@pytest.fixture(scope="module")
def methodology() -> Methodology:
    return Methodology.model_validate(yaml_text.parse((SCHEMAS / "methodology.yaml").read_text("utf-8")))


@cache
def listed() -> list[Listed]:
    files = sorted(Path(__file__).parent.glob("order_differences_*.yaml"))
    entries = [entry for file in files for entry in yaml_text.parse(file.read_text("utf-8")) or ()]
    return TypeAdapter(list[Listed]).validate_python(entries)


def assert_exactly_listed(found: Iterator[Difference], code: str, language: Language) -> None:
    """Every difference is listed, and every listed difference of this code and language is still there."""
    known = {
        entry.difference()
        for entry in listed()
        if (entry.code, entry.language) == (code, language) and entry.field != MEANING
    }
    assert set(found) == known


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_row_says_what_the_order_says(
    code: str,
    language: Language,
    rows: dict[Language, dict[str, order_text.Row]],
    initiatives: dict[int, Initiative],
) -> None:
    kpis = {kpi.code: kpi for initiative in initiatives.values() for kpi in initiative.kpis}
    assert_exactly_listed(kpi_differences(rows[language][code], kpis[code], language), code, language)


def test_contradictions_are_printed_and_interpreted(
    rows: dict[Language, dict[str, order_text.Row]], initiatives: dict[int, Initiative]
) -> None:
    kpis = {kpi.code: kpi for initiative in initiatives.values() for kpi in initiative.kpis}
    for entry in listed():
        if entry.field == MEANING:
            row = rows[entry.language][entry.code]
            cells = [squeezed(cell) for cell in (row.name, row.description, row.formula, row.source, row.target)]
            for printed in entry.order_says.split("; "):
                assert any(squeezed(printed) in cell for cell in cells), entry
            assert kpis[entry.code].interpretation is not None, entry


@pytest.mark.parametrize("language", LANGUAGES)
def test_order_and_catalogue_have_the_same_118_rows(
    language: Language, rows: dict[Language, dict[str, order_text.Row]], initiatives: dict[int, Initiative]
) -> None:
    assert len(CODES) == 118
    assert list(rows[language]) == CODES
    assert [kpi.code for initiative in initiatives.values() for kpi in initiative.kpis] == CODES
    citations = [kpi.citation for initiative in initiatives.values() for kpi in initiative.kpis]
    assert [(c.annex, f"{c.table}.{c.row}") for c in citations if c] == [(4, code) for code in CODES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(1, 17))
def test_initiative_is_named_and_levelled_as_in_annexes_2_to_4(
    number: int, language: Language, texts: dict[Language, str], initiatives: dict[int, Initiative]
) -> None:
    step = order_text.roadmap(texts[language], language)[number - 1]
    ours = initiatives[number]
    levels = {category.value: (level.stage, *level.years) for category, level in ours.levels.items()}
    assert (step.number, step.section, step.levels) == (number, ours.section.value, levels)

    def names() -> Iterator[Difference]:
        name = getattr(ours.name, language)
        yield from difference(str(number), "annex 2 name", language, step.name, name)
        title, _ = order_text.functions(texts[language], language)[number]
        yield from difference(str(number), "annex 3 name", language, title, name)
        title, _ = order_text.kpi_tables(texts[language], language)[number]
        yield from difference(str(number), "annex 4 name", language, title, name)

    assert_exactly_listed(names(), str(number), language)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", range(1, 17))
def test_functions_are_those_of_annex_3(number: int, language: Language, texts: dict[Language, str]) -> None:
    _, needs = order_text.functions(texts[language], language)[number]
    (file,) = (SCHEMAS / "functions").glob(f"{number:02d}-*.yaml")
    ours = TypeAdapter(list[Function]).validate_python(yaml_text.parse(file.read_text("utf-8")))
    assert [need.categories for need in needs] == [tuple(c.value for c in function.categories) for function in ours]
    low = [need.necessity.startswith(("Низкая", "Төмен")) for need in needs]
    assert low == [bool(function.optional) for function in ours]
    names = (
        found
        for row, (need, function) in enumerate(zip(needs, ours, strict=True), start=1)
        for found in difference(f"functions {number}", str(row), language, need.name, getattr(function.name, language))
    )
    assert_exactly_listed(names, f"functions {number}", language)


def methodology_differences(text: str, ours: Methodology, language: Language) -> Iterator[Difference]:
    def compare(field: str, order: str, catalogue: str) -> Iterator[Difference]:
        return difference(METHODOLOGY, field, language, order, catalogue)

    weights = order_text.section_weights(text, language)
    assert set(weights) == {code.value for code in ours.sections}
    for code, section in ours.sections.items():
        name, weight, note = weights[code.value]
        yield from compare(f"{code} name", name, getattr(section.name, language))
        yield from compare(f"{code} weight", str(weight), str(section.weight))
        yield from compare(f"{code} note", note, getattr(section.note, language))
    for (stated_range, name, description), band in zip(
        order_text.bands(text, language), ours.bands.values(), strict=True
    ):
        yield from compare(f"band {stated_range}", stated_range, band.stated)
        yield from compare(f"band {stated_range} name", name, getattr(band.name, language))
        yield from compare(f"band {stated_range} description", description, getattr(band.description, language))
    for number, (criterion, own) in enumerate(
        zip(order_text.criteria(text, language), ours.additional_initiative_criteria, strict=True), start=1
    ):
        yield from compare(f"criterion {number}", criterion, getattr(own, language))
    own_abbreviations = {
        getattr(a, language).split(" – ")[0]: getattr(a, language) for a in ours.abbreviations.values()
    }
    for short, meaning in order_text.abbreviations(text, language):
        yield from compare(f"abbreviation {short}", meaning, own_abbreviations.get(short, ""))


@pytest.mark.parametrize("language", LANGUAGES)
def test_weights_bands_and_criteria_are_those_of_annex_5(
    language: Language, texts: dict[Language, str], methodology: Methodology
) -> None:
    found = methodology_differences(texts[language], methodology, language)
    assert_exactly_listed(found, METHODOLOGY, language)


def test_a_band_begins_where_its_range_does(methodology: Methodology) -> None:
    floors = {name: band.floor for name, band in methodology.bands.items()}
    assert floors == {"excellent": 90, "good": 75, "average": 60, "below_average": 45, "low": 0}
    for band in methodology.bands.values():
        assert band.stated == "<45" or band.stated.split("–")[0] == f"{band.floor:g}"


def test_listed_differences_have_a_reason_and_belong_to_something() -> None:
    entries = listed()
    places = {*CODES, METHODOLOGY} | {f"{p}{n}" for n in range(1, 17) for p in ("", "functions ")}
    assert {entry.code for entry in entries} <= places
    assert all(entry.reason.strip() for entry in entries)
    assert len({entry.difference() for entry in entries}) == len(entries)


@pytest.mark.parametrize(
    ("environment", "outcome"),
    [
        ({"AHUAL_ORDER_TEXT": "/nowhere/at/all"}, pytest.fail.Exception),
        ({"AHUAL_ORDER_TEXT": "/nowhere/at/all", "CI": "true"}, pytest.fail.Exception),
        ({"CI": "true"}, pytest.fail.Exception),
        ({}, pytest.skip.Exception),
    ],
)
def test_without_the_text_the_comparison_fails_or_says_why_it_is_skipped(
    environment: dict[str, str], outcome: type[BaseException]
) -> None:
    with pytest.raises(outcome, match="AHUAL_ORDER_TEXT"):
        order_folder(environment)


def test_a_wrong_cell_is_noticed(
    rows: dict[Language, dict[str, order_text.Row]], initiatives: dict[int, Initiative]
) -> None:
    kpi = next(kpi for kpi in initiatives[9].kpis if kpi.code == "9.1")
    row = rows["ru"]["9.1"]
    wrong = {
        "name": replace(row, name="Процент охвата дорог (%)"),
        "period": replace(row, period="Ежегодно"),
        "weight": replace(row, weight=8),
        "targets": replace(row, target="≥80 / ≥50 / ≥21"),
    }
    for field, changed in wrong.items():
        assert [found.field for found in kpi_differences(changed, kpi, "ru")] == [field]
    assert [found.field for found in kpi_differences(replace(row, target="≤80 / ≥50 / ≥20"), kpi, "ru")] == ["targets"]


@pytest.mark.parametrize(
    ("cell", "republican", "regional", "district"),
    [
        ("≥1 млн / ≥300 тыс / ≥30 тыс", "≥1000000", "≥300000", "≥30000"),
        ("≥10 000 / ≥2 000 / ≥200", "≥10000", "≥2000", "≥200"),
        ("-5–10% / -3–5% / - (по возможности)", "-5-10", "-3-5", ""),
        ("≤15 (республиканские города) ≤30 (областные центры)", "≤15", "≤30", ""),
        ("≥95% (республикалық және облыстық орталықтар)", "≥95", "≥95", ""),
        ("Кемінде 5", "≥5", "≥5", "≥5"),
        ("80–90 / 70–85 / 60–80", "80-90", "70-85", "60-80"),
        ("≥5-тен 4 / ≥5-тен 3.5 / ≥5-тен 3", "≥4", "≥3.5", "≥3"),
    ],
)
def test_target_cells_are_read_as_printed(cell: str, republican: str, regional: str, district: str) -> None:
    assert list(printed_targets(cell, "score_5").values()) == [republican, regional, district]


def test_a_range_is_shown_as_printed() -> None:
    assert stated(AtLeast(op=">=", value=60, stated=(60, 70))) == "≥60-70"
    assert set(printed_targets("≥60-70%", "percent")) == set(Category)
