"""The KPI catalogue's shape: the order's annexes 2 to 5 as frozen, checked models.

`schemas/kpis/NN-name.yaml` holds one initiative each (`Initiative`), `schemas/methodology.yaml` the arithmetic's
constants (`Methodology`). Loading, hashing and scoring are `services/cityscore`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.measures import Measure


class Category(StrEnum):
    """City categories of point 7: cities of republican, regional and district significance."""

    REPUBLICAN = "republican"
    REGIONAL = "regional"
    DISTRICT = "district"


class SectionCode(StrEnum):
    """The five sections that carry a weight in annex 5, point 3."""

    CITY_MANAGEMENT = "city_management"
    SAFETY = "safety"
    TRANSPORT = "transport"
    ECOLOGY = "ecology"
    HOUSING = "housing"


class Period(StrEnum):
    """Annex 4, column "Периодичность выгрузки"."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Text(Frozen):
    """One text in Kazakh, Russian and English."""

    kk: str = Field(min_length=1)
    ru: str = Field(min_length=1)
    en: str = Field(min_length=1)


class Citation(Frozen):
    """Where the order says it: annex number, table (initiative) number, row number."""

    annex: int
    table: int
    row: int


class UpdateLimits(Frozen):
    """1.4: the longest allowed hours between updates, per data category."""

    safety: float
    housing: float
    ecology: float
    education: float


class _Target(Frozen):
    stated: tuple[float, ...] = ()
    """The numbers as the order prints them, where `value` alone does not show them (ranges)."""


class AtLeast(_Target):
    op: Literal[">="]
    value: float = Field(gt=0)


class AtMost(_Target):
    op: Literal["<="]
    value: float = Field(gt=0)


class Between(_Target):
    op: Literal["between"]
    low: float = Field(gt=0)
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Between:
        if self.high < self.low:
            raise ValueError("high lies below low")
        return self


class Decrease(_Target):
    """Change wanted: a fall of at least `value` percent against the reference."""

    op: Literal["decrease"]
    value: float = Field(gt=0)


class Increase(_Target):
    """Change wanted: a growth of at least `value` percent against the reference."""

    op: Literal["increase"]
    value: float = Field(gt=0)


class NoWorse(_Target):
    """Change wanted: none for the worse; `direction` says which way is better."""

    op: Literal["no_worse"]
    direction: Literal["decrease", "increase"]


class EachAtMost(_Target):
    op: Literal["each_at_most"]
    value: UpdateLimits


Target = Annotated[AtLeast | AtMost | Between | Decrease | Increase | NoWorse | EachAtMost, Field(discriminator="op")]


class Targets(Frozen):
    """The target per city category; null where the order gives none that can be scored."""

    republican: Target | None
    regional: Target | None
    district: Target | None

    def of(self, category: Category) -> Target | None:
        target: Target | None = getattr(self, category.value)
        return target


class Kpi(Frozen):
    """One row of annex 4."""

    code: str = Field(pattern=r"^\d{1,2}\.\d{1,2}$")
    name: Text
    formula: Text
    note: Text
    """One line of ours that says what the number tells."""
    unit: str
    """A code of `schemas/units.py`."""
    period: Period
    weight: int = Field(ge=1, le=10)
    """The order's "ценность" in points."""
    source: Text
    system: Text
    """Column "Информационная система/подсистема"."""
    targets: Targets
    not_for: dict[Category, Text] = {}
    """Categories left out although annex 2 gives them the initiative, with the reason."""
    measure: Measure
    citation: Citation | None = None
    """None for a KPI of a city's own."""
    interpretation: Text | None = None
    """Where the order leaves a choice or its two texts differ: what was chosen and why."""


class Level(Frozen):
    """Annex 2: the initiative is due for this category in this stage, within these years."""

    stage: Literal[1, 2, 3]
    years: tuple[int, int]


class Initiative(Frozen):
    """One of the sixteen initiatives, with its section and levels (annex 2) and its KPIs (annex 4); or an additional
    one of a city's own (annex 5, point 5), numbered from 17, without levels."""

    number: int = Field(ge=1, le=99)
    system: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    """The name used in MQTT topics and event sources."""
    name: Text
    section: SectionCode
    levels: dict[Category, Level]
    kpis: tuple[Kpi, ...]


class Section(Frozen):
    weight: int
    name: Text
    note: Text


class Band(Frozen):
    """A row of annex 5's rating table; it begins at `floor` index points."""

    floor: float
    name: Text
    description: Text
    stated: str


class Function(Frozen):
    """Annex 3: a function of an initiative and the categories that must have it."""

    name: Text
    categories: tuple[Category, ...]
    optional: tuple[Category, ...] = ()


class Methodology(Frozen):
    """Annex 5's constants and what stands beside annex 4."""

    version: str
    sections: dict[SectionCode, Section]
    bands: dict[Literal["excellent", "good", "average", "below_average", "low"], Band]
    categories: dict[Category, Text]
    additional_initiative_points: float
    additional_initiative_criteria: tuple[Text, ...]
    additional_initiative_interpretation: Text
    abbreviations: dict[str, Text]


class Catalogue(Frozen):
    """Everything that decides a score, in the order of the annexes, with the hash that names it."""

    methodology: Methodology
    initiatives: tuple[Initiative, ...]
    functions: dict[int, tuple[Function, ...]]
    additional: tuple[Initiative, ...] = ()
    """Initiatives of a city's own: measured and shown, not part of the index, and not of the hash."""
    hash: str
    """SHA-256 over the canonical JSON of the parsed content, so it does not depend on the files' formatting."""

    def measured(self) -> Iterator[tuple[Initiative, Kpi]]:
        """Everything that is measured: the order's KPIs, then the city's own."""
        for initiative in (*self.initiatives, *self.additional):
            for kpi in initiative.kpis:
                yield initiative, kpi
