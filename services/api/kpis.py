"""A city's KPIs: the catalogue's row and its target for the city's category, beside the live state."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Catalogue, Category, Citation, Initiative, Kpi, Period, SectionCode, Target, Text
from schemas.official import Label, SduAnswer
from schemas.snapshot import LABEL, Known, KpiState
from schemas.units import UNITS
from services.api import answers
from services.api.cities import require_city
from services.api.errors import UnknownKpiError
from services.api.examples import KPI_ROW
from services.api.history import AsOf, KnownQuery, check_known, live_at
from services.api.language import LangQuery, in_language
from services.api.quotients import has_series
from services.api.state import ApiState, State
from services.runtime.messages import Language

router = APIRouter(prefix="/api/v1/cities/{city}/kpis", tags=["kpis"])


class KpiRow(BaseModel):
    """A row of annex 4 with its state in one city. Texts are `{kk, ru, en}`, or one string when `lang` was given."""

    model_config = ConfigDict(json_schema_extra={"example": KPI_ROW})
    code: str
    initiative: int
    initiative_name: Text | str
    section: SectionCode
    section_name: Text | str
    name: Text | str
    formula: Text | str
    note: Text | str
    unit: str
    unit_name: Text | str
    period: Period
    value_points: int = Field(description="the order's weight (ценность) of the KPI")
    target: Target | None = Field(description="for the city's category; null where the order gives none to score by")
    not_scored: Text | str | None = Field(description="why this category is not scored on it, if so")
    measure: str = Field(description="kind of measure")
    scale: float = Field(description="value = numerator ÷ denominator ÷ scale (a share: × 100)")
    series: bool = Field(description="whether `series` answers: buckets by themselves have a value")
    systems: list[str] = Field(description="systems whose devices and departments report what it needs")
    source: Text | str
    system: Text | str
    citation: Citation | None = Field(description="null for a KPI of the city's own")
    interpretation: Text | str | None
    state: KpiState | None = Field(description="null when the city has no score, or is not scored on this KPI")
    label: Label = Field(description="of `state`: what is live is always an operational estimate")
    label_name: Text | str
    sdu: SduAnswer | None = Field(description="SDU's answer on the newest closed period that has one, beside ours")


@router.get("")
async def kpis(
    city: str, state: ApiState, lang: LangQuery = None, as_of: AsOf = None, known: KnownQuery = None
) -> list[KpiRow]:
    """All rows of annex 4, in its order; with `as_of` the states are those of a past instant, the rows today's."""
    category, states = await _context(state, city, as_of, known)
    said = await answers.newest(state, city, lang)
    return [
        _row(state.catalogue, initiative, kpi, category, states, lang, said.get(kpi.code))
        for initiative, kpi in rows_of(state.catalogue)
    ]


@router.get("/{code}")
async def kpi(
    city: str, code: str, state: ApiState, lang: LangQuery = None, as_of: AsOf = None, known: KnownQuery = None
) -> KpiRow:
    """One row of annex 4."""
    category, states = await _context(state, city, as_of, known)
    initiative, row = require_kpi(state.catalogue, code)
    said = await answers.newest(state, city, lang)
    return _row(state.catalogue, initiative, row, category, states, lang, said.get(code))


def rows_of(catalogue: Catalogue) -> Iterator[tuple[Initiative, Kpi]]:
    """Every KPI with its initiative, in the order of annex 4, then the city's own."""
    yield from catalogue.measured()


def require_kpi(catalogue: Catalogue, code: str) -> tuple[Initiative, Kpi]:
    """The KPI of this code. Raises UnknownKpiError."""
    found = next((pair for pair in rows_of(catalogue) if pair[1].code == code), None)
    if found is None:
        raise UnknownKpiError(code=code[:100])
    return found


async def _context(
    state: State, city: str, as_of: datetime | None, known: Known | None
) -> tuple[Category, dict[str, Any]]:
    check_known(as_of, known)
    if as_of is not None:
        past = await live_at(state, city, as_of, known)
        return Category(past["category"]), past["kpis"]
    stored = await state.snapshots.read(city)
    if stored is None:
        return await require_city(state, city), {}
    return Category(stored.snapshot["category"]), stored.snapshot["kpis"]


def _row(
    catalogue: Catalogue,
    initiative: Initiative,
    kpi: Kpi,
    category: Category,
    states: dict[str, Any],
    lang: Language | None,
    sdu: SduAnswer | None,
) -> KpiRow:
    target = kpi.targets.of(category)
    texts = {
        "initiative_name": initiative.name,
        "section_name": catalogue.methodology.sections[initiative.section].name,
        "name": kpi.name,
        "formula": kpi.formula,
        "note": kpi.note,
        "unit_name": Text.model_validate(UNITS[kpi.unit]),
        "source": kpi.source,
        "system": kpi.system,
        "interpretation": kpi.interpretation,
        "not_scored": kpi.not_for.get(category),
    }
    spoken = {name: in_language(text and text.model_dump(), lang) for name, text in texts.items()}
    return KpiRow(
        code=kpi.code,
        initiative=initiative.number,
        section=initiative.section,
        unit=kpi.unit,
        period=kpi.period,
        value_points=kpi.weight,
        target=target,
        measure=kpi.measure.kind,
        scale=kpi.measure.scale,
        series=has_series(kpi.measure),
        systems=list(kpi.measure.sources),
        citation=kpi.citation,
        state=states.get(kpi.code),
        label=LABEL,
        label_name=answers.label_name(LABEL, lang),
        sdu=sdu,
        **spoken,
    )
