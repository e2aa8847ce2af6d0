"""The generated parts of docs/methodology*.md: each a function of the catalogue and the language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from schemas.catalogue import Catalogue, Category, Initiative, Kpi, SectionCode, Text
from schemas.units import UNITS
from services.cityscore.index import score
from services.cityscore.policy import DEFAULT_POLICY, Policy
from services.cityscore.rubric import Rubric
from services.runtime.messages import Language
from tests.cityscore.golden import load_golden
from tests.docs.words import HEADS, KINDS, NONE, PERIODS, SHORT, number, target


def version(catalogue: Catalogue, lang: Language) -> str:
    return f"{HEADS['version'][lang]}: **{catalogue.methodology.version}**"


def sections(catalogue: Catalogue, lang: Language) -> str:
    rows = (
        (section.name, section.weight, _numbers(catalogue, code), section.note)
        for code, section in catalogue.methodology.sections.items()
    )
    return _table(lang, _heads(lang, "section", "weight", "initiatives", "why"), rows)


def levels(catalogue: Catalogue, lang: Language) -> str:
    rows = ((i.number, i.name, *(_years(i, category) for category in Category)) for i in catalogue.initiatives)
    return _table(lang, (*_heads(lang, "number", "initiative"), *_categories(lang)), rows)


def scored(catalogue: Catalogue, lang: Language) -> str:
    """How many KPIs, and of what weight together, each category is scored on."""
    rubrics = [Rubric.of(catalogue, category) for category in Category]
    rows: list[tuple[object, ...]] = [
        (section.name, *(_held(rubric, {code}) for rubric in rubrics))
        for code, section in catalogue.methodology.sections.items()
    ]
    rows.append((f"**{HEADS['all'][lang]}**", *(_held(rubric, set(SectionCode)) for rubric in rubrics)))
    wide = [Rubric.of(catalogue, category, Policy(levels="annex4")) for category in Category]
    rows.append((HEADS["wherever"][lang], *(_held(rubric, set(SectionCode)) for rubric in wide)))
    return _table(lang, (*_heads(lang, "section"), *_categories(lang)), rows)


def bands(catalogue: Catalogue, lang: Language) -> str:
    rows = (
        (band.name, number(band.floor, lang), band.stated, band.description)
        for band in catalogue.methodology.bands.values()
    )
    return _table(lang, _heads(lang, "rating", "from", "printed", "description"), rows)


def measures(catalogue: Catalogue, lang: Language) -> str:
    """Which KPIs are measured in which way."""
    codes: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kpi in _kpis(catalogue):
        codes["cohort" if kpi.measure.cohort else kpi.measure.kind].append(kpi.code)
    rows = ((KINDS[kind][lang], ", ".join(of)) for kind, of in codes.items() if of)
    return _table(lang, _heads(lang, "kind", "kpis"), rows)


def example(catalogue: Catalogue, lang: Language) -> str:
    """The reported values of the worked city, with what the score makes of them."""
    city = load_golden().city
    rubric = Rubric.of(catalogue, city.category)
    result = score(catalogue, city.category, dict(city.values))
    names = {kpi.code: kpi.name for kpi in _kpis(catalogue)}
    rows = (
        (
            catalogue.methodology.sections[rubric.criteria[code].section].name,
            code,
            names[code],
            target(rubric.criteria[code].target, lang),
            number(value, lang),
            number(result.kpis[code].attainment or 0.0, lang),
            result.kpis[code].weight,
        )
        for code, value in city.values.items()
    )
    return _table(lang, _heads(lang, "section", "code", "name", "target", "value", "attainment", "weight"), rows)


def criteria(catalogue: Catalogue, lang: Language) -> str:
    listed = enumerate(catalogue.methodology.additional_initiative_criteria, start=1)
    return "\n".join(f"{place}. {_cell(criterion, lang)}" for place, criterion in listed)


def interpretations(catalogue: Catalogue, lang: Language) -> str:
    """Every interpretation of the catalogue; KPIs that share one stand together."""
    codes: dict[Text, list[str]] = {}
    for kpi in _kpis(catalogue):
        if kpi.interpretation is not None:
            codes.setdefault(kpi.interpretation, []).append(kpi.code)
    return "\n".join(f"- **{', '.join(of)}.** {_cell(text, lang)}" for text, of in codes.items())


def tables(catalogue: Catalogue, lang: Language) -> str:
    """The catalogue, a table per initiative; a target in brackets is not scored under the default policy."""
    return "\n\n".join(_initiative(catalogue, initiative, lang) for initiative in catalogue.initiatives)


BLOCKS: Final[dict[str, Callable[[Catalogue, Language], str]]] = {
    "version": version,
    "sections": sections,
    "levels": levels,
    "scored": scored,
    "bands": bands,
    "measures": measures,
    "example": example,
    "criteria": criteria,
    "interpretations": interpretations,
    "catalogue": tables,
}
"""Name of the block, as its marker has it, to what writes it."""


def _initiative(catalogue: Catalogue, initiative: Initiative, lang: Language) -> str:
    section = catalogue.methodology.sections[initiative.section].name
    heads = (*_heads(lang, "code", "name", "unit", "period", "weight"), *_categories(lang), *_heads(lang, "source"))
    rows = (
        (
            kpi.code,
            kpi.name,
            UNITS[kpi.unit][lang],
            PERIODS[kpi.period][lang],
            kpi.weight,
            *(_target(initiative, kpi, category, lang) for category in Category),
            f"{_cell(kpi.source, lang)} ({_cell(kpi.system, lang)})",
        )
        for kpi in initiative.kpis
    )
    title = f"### {initiative.number}. {_cell(initiative.name, lang)}"
    return f"{title}\n\n{HEADS['section'][lang]}: {_cell(section, lang)}\n\n{_table(lang, heads, rows)}"


def _target(initiative: Initiative, kpi: Kpi, category: Category, lang: Language) -> str:
    text = target(kpi.targets.of(category), lang)
    return text if text == NONE or DEFAULT_POLICY.counts(initiative, kpi, category) else f"({text})"


def _kpis(catalogue: Catalogue) -> Iterator[Kpi]:
    return (kpi for initiative in catalogue.initiatives for kpi in initiative.kpis)


def _numbers(catalogue: Catalogue, section: SectionCode) -> str:
    return ", ".join(str(initiative.number) for initiative in catalogue.initiatives if initiative.section is section)


def _years(initiative: Initiative, category: Category) -> str:
    level = initiative.levels.get(category)
    return f"{level.years[0]}–{level.years[1]}" if level else NONE


def _held(rubric: Rubric, wanted: set[SectionCode]) -> str:
    weights = [criterion.weight for criterion in rubric.criteria.values() if criterion.section in wanted]
    return f"{len(weights)} ({sum(weights)})" if weights else NONE


def _heads(lang: Language, *names: str) -> tuple[str, ...]:
    return tuple(HEADS[name][lang] for name in names)


def _categories(lang: Language) -> tuple[str, ...]:
    return tuple(SHORT[category][lang] for category in Category)


def _table(lang: Language, heads: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    cells = [list(heads)]
    cells.append(["---"] * len(cells[0]))
    cells.extend([_cell(cell, lang) for cell in row] for row in rows)
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _cell(content: object, lang: Language) -> str:
    text: str = getattr(content, lang) if isinstance(content, Text) else str(content)
    return text.replace("|", "\\|")
