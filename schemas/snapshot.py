"""The live CityScore of one city as it is stored, served and pushed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Category, Period, SectionCode
from schemas.tables import Tier

Freshness = Literal["fresh", "stale", "missing", "not_applicable", "unbound"]
"""`fresh`: newest data within a period and a tenth. `stale`: until two periods, scored and flagged. `missing`: older or
none. `not_applicable`: the source is live but had no case. `unbound`: no event types are bound to the measure yet."""
LABEL: Literal["operational_estimate"] = "operational_estimate"
"""Point 12.4: official is only what is computed from SDU."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


KpiValue = float | Mapping[str, float]
"""In the order's unit; 1.4 has a value per category of data."""


class Window(_Frozen):
    """Trailing window, begin included, end excluded."""

    begin: datetime
    end: datetime


class KpiState(_Frozen):
    """One KPI over the trailing window of its period. Numerator and denominator are in the measure's smallest unit."""

    value: KpiValue | None
    unit: str
    period: Period
    window: Window
    numerator: int | None
    denominator: int | None
    attainment: float | None = Field(description="0…1; 1 is the target met")
    weight: float
    points: float = Field(description="index points earned")
    max_points: float = Field(description="index points if the target were met")
    section: SectionCode
    freshness: Freshness
    newest: datetime | None = Field(description="event time of the newest data of its sources")


class SectionState(_Frozen):
    score: float | None = Field(description="0…1")
    weight: float
    points: float


class CatalogueRef(_Frozen):
    version: str
    hash: str


class _Scored(_Frozen):
    city: str
    category: Category
    revision: int = Field(description="grows by 1 with every stored change of this city")
    computed_at: datetime
    label: Literal["operational_estimate"] = LABEL
    catalogue: CatalogueRef
    index: float | None
    lower: float
    upper: float
    coverage: float
    additional: int
    total: float | None
    rating: Literal["excellent", "good", "average", "below_average", "low"] | None
    sections: dict[SectionCode, SectionState]


class Snapshot(_Scored):
    """Index 0–100 with its bounds (missing KPIs as 0 and as 1), coverage 0…1, total with the bonus, and every part."""

    kpis: dict[str, KpiState]


class ClosedKpi(KpiState):
    """One KPI over the last closed calendar period of its own length; `window` is that period, in UTC."""

    name: str = Field(description="of the period: 2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027")
    period_revision: int | None = Field(description="of the closed value; null when none is stored for this period")
    window_coverage: float | None = Field(description="share of its hours or days in which the sources reported, 0…1")


class ClosedSnapshot(_Scored):
    """The same index over the last closed calendar period of every KPI: what is exported and ranked."""

    basis: Literal["closed"] = "closed"
    kpis: dict[str, ClosedKpi]


Known = Literal["then", "now"]
"""A past score as it was stored then, or as today's state tells it."""


class PastSnapshot(Snapshot):
    """The live score of a past instant."""

    as_of: datetime
    known: Known = Field(
        description="`then`: the newest one stored by the instant; `now`: recomputed from today's state (revision 0)"
    )
    granule: Tier = Field(description="how exactly the instant was met; a KPI's own window says it for that KPI")


class PastClosedSnapshot(ClosedSnapshot):
    """The closed score of a past instant. `now`: the newest revisions of the periods that were closed then."""

    as_of: datetime
    known: Known
