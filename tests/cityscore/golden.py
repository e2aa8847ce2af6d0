"""The cases of golden.yaml, which the methodology's documents show."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from schemas import yaml_text
from schemas.catalogue import Category, SectionCode
from services.cityscore.boston import Span


class _Case(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AttainmentCase(_Case):
    op: str
    code: str
    category: Category
    value: float | dict[str, float]
    attainment: float
    upper: float | None = None
    steps: tuple[str, ...]


class KpiCase(_Case):
    code: str
    points: float
    gain: float


class CityCase(_Case):
    category: Category
    values: dict[str, float]
    not_applicable: tuple[str, ...]
    additional: int
    attainments: dict[str, float]
    sections: dict[SectionCode, float | None]
    section_weights: dict[SectionCode, int]
    index: float
    lower: float
    upper: float
    coverage: float
    total: float
    rating: str
    kpi: KpiCase
    steps: tuple[str, ...]


class YearlyCase(_Case):
    category: Category
    year: int
    code: str
    values: dict[str, float]
    attainment: float
    without_case: tuple[str, ...]
    attainment_without_case: float
    steps: tuple[str, ...]


class PlaceCase(_Case):
    city: str
    total: float
    place: int


class BandCase(_Case):
    total: float
    rating: str


class RatioCase(_Case):
    code: str
    value: float
    ratio: float
    toolkit: float
    steps: tuple[str, ...]


class BostonCase(_Case):
    category: Category
    ratios: tuple[RatioCase, ...]
    span: Span = "day"


class Golden(_Case):
    attainment: tuple[AttainmentCase, ...]
    city: CityCase
    yearly: YearlyCase
    places: tuple[PlaceCase, ...]
    bands: tuple[BandCase, ...]
    boston: BostonCase


def load_golden() -> Golden:
    return Golden.model_validate(yaml_text.parse(Path(__file__).with_name("golden.yaml").read_text("utf-8")))
