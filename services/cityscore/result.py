"""A score and its parts, as computed; nothing in it is rounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas.catalogue import Category, SectionCode
from services.cityscore.attainment import Value
from services.cityscore.errors import InputError


@dataclass(frozen=True, slots=True)
class KpiScore:
    """One KPI of the city's category."""

    value: Value | None
    """In the order's unit; None when missing (and in a yearly evaluation, which has many values)."""
    attainment: float | None
    """0…1; None when missing and skipped."""
    weight: int
    """The order's value, in points."""
    points: float
    """What it contributes to the index, in index points."""
    section: SectionCode
    max_points: float
    """What it would contribute with its target met; 0 while it is skipped."""


@dataclass(frozen=True, slots=True)
class SectionScore:
    """One of the five sections."""

    score: float | None
    """Weighted mean of attainments, 0…1; None when no KPI of the section is scored."""
    weight: int
    """The order's weight in percent."""
    points: float
    """What it contributes to the index, in index points."""


@dataclass(frozen=True, slots=True)
class Score:
    """CityScore of one city."""

    category: Category
    catalogue: str
    """The hash of the catalogue it was computed with."""
    index: float | None
    """0…100; None when no KPI is scored."""
    lower: float
    """The index if every missing KPI were 0, before the bonus."""
    upper: float
    """The index if every missing KPI were 1, before the bonus."""
    coverage: float
    """0…1: one minus the width of the bounds."""
    total: float | None
    """Index plus the points of additional initiatives; not capped."""
    rating: str | None
    sections: dict[SectionCode, SectionScore]
    kpis: dict[str, KpiScore]

    def to_json(self) -> dict[str, Any]:
        """The stable format of `ahual score --json`; numbers are unrounded."""
        return {
            "category": self.category.value,
            "catalogue": self.catalogue,
            "index": self.index,
            "lower": self.lower,
            "upper": self.upper,
            "coverage": self.coverage,
            "total": self.total,
            "rating": self.rating,
            "sections": {code.value: asdict(section) for code, section in self.sections.items()},
            "kpis": {code: _kpi_to_json(kpi) for code, kpi in self.kpis.items()},
        }


def score_from_json(data: object) -> Score:
    """A score as `Score.to_json` wrote it. Raises InputError for anything else."""
    try:
        return TypeAdapter(Score).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "-"
        raise InputError("cityscore.not_a_score", where=where, reason=first["msg"]) from error


def _kpi_to_json(kpi: KpiScore) -> dict[str, Any]:
    value = dict(kpi.value) if isinstance(kpi.value, Mapping) else kpi.value
    return {
        "value": value,
        "attainment": kpi.attainment,
        "weight": kpi.weight,
        "points": kpi.points,
        "section": kpi.section.value,
        "max_points": kpi.max_points,
    }
