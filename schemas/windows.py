"""A KPI over every window, and its closed calendar periods, as the API answers them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Period
from schemas.official import SduAnswer
from schemas.snapshot import Freshness, KpiValue


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Percentiles(_Frozen):
    """Of single durations, in the KPI's unit, to within 1.6 %."""

    p50: float
    p95: float
    p99: float


class KpiWindow(_Frozen):
    """A KPI over one window, begin included, end excluded, as today's state tells it."""

    kind: Literal["trailing", "running", "closed"] = Field(description="`running`: to date; shown, never scored")
    name: str = Field(description="5min, 1h, 24h, 7d, 30d, 91d, 365d; of a calendar period its own: 2027-W05, 2027-Q1")
    begin: datetime
    end: datetime
    value: KpiValue | None
    numerator: int | None = Field(description="in the measure's smallest unit")
    denominator: int | None
    freshness: Freshness
    coverage: float | None = Field(description="share of the window's hours or days in which its sources reported, 0…1")
    percentiles: Percentiles | None = Field(description="of measures of durations; null without any in the window")
    enters: Literal["live", "closed"] | None = Field(description="the index this window of this KPI enters")


class KpiWindows(_Frozen):
    """All windows of one KPI."""

    code: str
    unit: str
    period: Period
    computed_at: datetime
    windows: list[KpiWindow]


class Revision(_Frozen):
    """A closed value as it was stored; it is never edited, late data and corrections make the next revision."""

    revision: int = Field(description="from 1; the highest counts")
    value: KpiValue | None
    numerator: int | None
    denominator: int | None
    difference: float | None = Field(description="value minus the previous revision's")
    attainment: float | None = Field(description="0…1; 1 is the target met")
    target: dict[str, Any] | None = Field(description="of the city's category, when computed")
    weight: int
    freshness: Freshness = Field(description="judged at the period's end")
    newest: datetime | None
    coverage: float | None
    catalogue_hash: str
    computed_at: datetime


class ClosedPeriod(_Frozen):
    """A calendar period that is over, in the city's own time."""

    name: str
    begin: datetime
    end: datetime
    revisions: list[Revision] = Field(description="oldest first; the last one counts")
    sdu: SduAnswer | None = Field(description="SDU's newest answer on it; null: none yet")


class ClosedPeriods(_Frozen):
    """Closed periods of the KPI's own length, oldest first."""

    code: str
    unit: str
    period: Period
    periods: list[ClosedPeriod]
