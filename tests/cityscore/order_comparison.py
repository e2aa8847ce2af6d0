"""Compares the catalogue with what the order prints; every difference is a value that somebody must have listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.catalogue import AtLeast, AtMost, Between, Category, Decrease, EachAtMost, Increase, Kpi, Target
from schemas.measures import Limit, Measure
from tests.cityscore.order_text import Row
from tests.cityscore.order_words import WORDS, Language

SPELT_SIGNS: Final = {"Не менее ": "≥", "Кемінде ": "≥"}
MULTIPLES: Final = {"млн": 1_000_000, "тыс": 1_000, "мың": 1_000}
OUT_OF: Final = re.compile(r"(?P<ru>\s*из 5)|(?P<kk>5-тен\s*)")
NUMBER: Final = re.compile(r"([≥≤+-]?)\s*(\d+(?:\.\d+)?)(?:-(\d+))?\s*(млн|тыс|мың)?")
CATEGORY_STEMS: Final = {
    "республикан": Category.REPUBLICAN,
    "республикал": Category.REPUBLICAN,
    "област": Category.REGIONAL,
    "облыс": Category.REGIONAL,
}
UNIT_MARKS: Final = {
    r"10 балл?дан|из 10": "score_10",
    r"1 ?000 |1000-ға": "per_1000",
    r"10 000 ": "per_10000",
    r"1 млн ": "per_million",
    r"100 км": "per_100_km",
    r"км ?/ ?(ч|сағ)": "km_h",
    r"\((сек)\)": "s",
    r"\((мин)\)": "min",
    r"\((часы|сағат)\)": "h",
    r"\((дней|күн)\)": "day",
    r"%": "percent",
    r"\((мес|год|ай|жыл)\)": "count",
}
LIMITS: Final = re.compile(r"≤([\d/-]+) (сек|мин)")
MILLISECONDS: Final = {"сек": 1_000, "мин": 60_000}


@dataclass(frozen=True, slots=True)
class Difference:
    """The order says one thing, the catalogue another; texts are as `squeezed`."""

    code: str
    field: str
    language: Language
    order_says: str
    catalogue_says: str


def squeezed(text: str) -> str:
    """Text without what the comparison forgives: whitespace, letter case, hyphenation, kinds of dash, a final stop."""
    return re.sub(r"[\s\u00ad]+", "", text).translate(str.maketrans("–—", "--")).rstrip(".;").casefold()


def difference(code: str, field: str, language: Language, order: str, ours: str) -> Iterator[Difference]:
    if squeezed(order) != squeezed(ours):
        yield Difference(code, field, language, squeezed(order), squeezed(ours))


def kpi_differences(row: Row, kpi: Kpi, language: Language) -> Iterator[Difference]:
    """Every cell of a row of annex 4 that the catalogue states otherwise."""
    for field in ("name", "formula", "source", "system"):
        yield from difference(row.code, field, language, getattr(row, field), getattr(getattr(kpi, field), language))
    period = WORDS[language].periods.get(row.period, row.period)
    yield from difference(row.code, "period", language, period, kpi.period.value)
    yield from difference(row.code, "weight", language, str(row.weight), str(kpi.weight))
    yield from _target_differences(row, kpi, language)
    unit = next((unit for mark, unit in UNIT_MARKS.items() if re.search(mark, row.name)), kpi.unit)
    if unit != kpi.unit:
        yield from difference(row.code, "unit", language, row.name, kpi.unit)
    for order, ours in limits(row.formula, kpi.measure):
        yield from difference(row.code, "limits", language, order, ours)


def _target_differences(row: Row, kpi: Kpi, language: Language) -> Iterator[Difference]:
    ours = [stated(kpi.targets.of(category)) for category in Category]
    if ours != list(printed_targets(row.target, kpi.unit).values()):
        yield from difference(row.code, "targets", language, row.target, " / ".join(ours))


def printed_targets(cell: str, unit: str) -> dict[Category, str]:
    """The signs and numbers a target cell prints for each category, `''` where it prints none.

    >>> printed_targets("≥4 из 5 / ≥3.5 из 5 / ≥60-70%", "score_5")[Category.DISTRICT]
    '≥60-70'
    """
    for spelt, sign in SPELT_SIGNS.items():
        cell = cell.replace(spelt, sign)
    if OUT_OF.search(cell) and unit == "score_5":
        cell = OUT_OF.sub("", cell)
    cell = re.sub(r"(?<=\d)\s(?=\d{3}\b)", "", cell.replace("–", "-"))
    labelled = re.findall(r"([^()]+)\(([^()]*(?:республик|област|облыс)[^()]*)\)", cell)
    if labelled:
        return {category: _numbers("".join(_labelled(labelled, category))) for category in Category}
    parts = cell.split(" / ")
    parts = parts * len(Category) if len(parts) == 1 else parts
    return {category: _numbers(part) for category, part in zip(Category, parts, strict=True)}


def _labelled(labelled: list[tuple[str, str]], category: Category) -> Iterator[str]:
    for numbers, label in labelled:
        if any(stem in label and of is category for stem, of in CATEGORY_STEMS.items()):
            yield numbers


def _numbers(part: str) -> str:
    found = []
    for sign, low, high, multiple in NUMBER.findall(part):
        values = [float(n) * MULTIPLES.get(multiple, 1) for n in (low, high) if n]
        found.append(sign + "-".join(f"{value:.10g}" for value in values))
    return " ".join(found)


def stated(target: Target | None) -> str:
    """A target of the catalogue in the form of `printed_targets`: the numbers it keeps as printed, else its own."""
    if target is None:
        return ""
    if isinstance(target, EachAtMost):
        limit = target.value
        return " ".join(f"≤{hours:.10g}" for hours in (limit.safety, limit.housing, limit.ecology, limit.education))
    sign, values = _own_numbers(target)
    return sign + "-".join(f"{value:.10g}" for value in target.stated or values)


def _own_numbers(target: Target) -> tuple[str, tuple[float, ...]]:
    match target:
        case AtLeast():
            return "≥", (target.value,)
        case AtMost():
            return "≤", (target.value,)
        case Between():
            return "", (target.low, target.high)
        case Decrease():
            return "-", (target.value,)
        case Increase():
            return "+", (target.value,)
    return "", ()


def limits(formula: str, measure: Measure) -> Iterator[tuple[str, str]]:
    """Time limits printed in a formula ("≤30/45/60-90 сек": the easier bound counts) beside a bound measure's own."""
    printed = LIMITS.search(formula)
    if printed is None or not measure.bound:
        return
    easier = [int(part.split("-")[-1]) * MILLISECONDS[printed.group(2)] for part in printed.group(1).split("/")]
    conditions = [condition for term in measure.numerator for condition in term.where if condition.at_most is not None]
    for condition in conditions:
        ours = condition.at_most
        yield str(easier), str([ours.republican, ours.regional, ours.district] if isinstance(ours, Limit) else [])
    if not conditions:
        yield str(easier), "no limit"
