"""Putting a city's snapshot together from evaluated KPIs: pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from schemas.catalogue import Catalogue, Kpi, SectionCode
from schemas.snapshot import CatalogueRef, Freshness, KpiState, SectionState, Snapshot, Window
from services.cityscore.index import score_with
from services.cityscore.result import KpiScore, Score
from services.cityscore.rubric import Rubric
from services.scorer.kinds import Sums
from services.scorer.types import City
from services.scorer.values import Evaluated


@dataclass(frozen=True, slots=True)
class Measured:
    """One KPI over its window."""

    window: Window
    sums: Sums | None
    newest: datetime | None
    evaluated: Evaluated
    coverage: float | None = None
    """Share of the window's hours (up to a week) or days in which its sources reported, 0…1; of a live window
    it is only known where it decides (a zero of a count or rate)."""


def build(
    catalogue: Catalogue, rubric: Rubric, city: City, measured: Mapping[str, Measured], revision: int, now: datetime
) -> Snapshot:
    """Score what was measured. KPIs the city's category is not scored on are left out; its own carry no points."""
    scored = {code: m for code, m in measured.items() if code in rubric.criteria}
    values = {code: m.evaluated.value for code, m in scored.items() if m.evaluated.value is not None}
    not_applicable = {code for code, m in scored.items() if m.evaluated.freshness == "not_applicable"}
    result = score_with(rubric, values, city.additional, not_applicable)
    kpis = {kpi.code: (kpi, section) for kpi, section in _kpis(catalogue)}
    own = {kpi.code: measured[kpi.code] for i in catalogue.additional for kpi in i.kpis if kpi.code in measured}
    return Snapshot(
        city=city.code,
        category=rubric.category,
        revision=revision,
        computed_at=now,
        catalogue=CatalogueRef(version=catalogue.methodology.version, hash=catalogue.hash),
        index=result.index,
        lower=result.lower,
        upper=result.upper,
        coverage=result.coverage,
        additional=city.additional,
        total=result.total,
        rating=result.rating,
        sections=_sections(result),
        kpis={code: _state(*kpis[code], m, result.kpis.get(code)) for code, m in (scored | own).items()},
    )


def _kpis(catalogue: Catalogue) -> list[tuple[Kpi, SectionCode]]:
    return [(kpi, initiative.section) for initiative, kpi in catalogue.measured()]


def _sections(result: Score) -> dict[SectionCode, SectionState]:
    return {
        code: SectionState(score=section.score, weight=section.weight, points=section.points)
        for code, section in result.sections.items()
    }


def _state(kpi: Kpi, section: SectionCode, measured: Measured, scored: KpiScore | None) -> KpiState:
    freshness: Freshness = measured.evaluated.freshness
    return KpiState(
        value=measured.evaluated.value,
        unit=kpi.unit,
        period=kpi.period,
        window=measured.window,
        numerator=measured.sums.numerator if measured.sums else None,
        denominator=measured.sums.denominator if measured.sums else None,
        attainment=scored.attainment if scored else None,
        weight=kpi.weight,
        points=scored.points if scored else 0.0,
        max_points=scored.max_points if scored else 0.0,
        section=section,
        freshness=freshness,
        newest=measured.newest,
    )
