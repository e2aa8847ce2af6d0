"""A KPI over time, bucket by bucket, from the additive parts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Final, NamedTuple

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from schemas.measures import Measure
from schemas.retention import PARTS_KEPT
from schemas.tables import Tier, parts
from services.api.cities import require_city
from services.api.errors import NoSeriesError, SeriesRangeError
from services.api.examples import SERIES
from services.api.kpis import require_kpi
from services.api.moments import Moment
from services.api.quotients import has_series, value_of
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/cities/{city}/kpis/{code}", tags=["kpis"])
MAX_POINTS: Final = 5000
STEP: Final[dict[Tier, timedelta]] = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
DEFAULT_SPAN: Final[dict[Tier, timedelta]] = {
    "minute": timedelta(hours=2),
    "hour": timedelta(days=7),
    "day": timedelta(days=90),
}


class Point(BaseModel):
    """One bucket. Value in the KPI's unit, null without denominator; the sums in the measure's smallest unit."""

    bucket: datetime
    value: float | None
    numerator: int
    denominator: int
    count: int


class Series(BaseModel):
    """Buckets in which something happened, oldest first. A bucket without events is not listed."""

    model_config = ConfigDict(json_schema_extra={"example": SERIES})
    code: str
    unit: str
    resolution: Tier
    begin: datetime
    end: datetime
    points: list[Point]


class Span(NamedTuple):
    """Begin included, end excluded."""

    begin: datetime
    end: datetime


@router.get("/series")
async def series(
    city: str,
    code: str,
    state: ApiState,
    resolution: Annotated[Tier, Query(description="Bucket length; a day is the city's own")] = "hour",
    begin: Annotated[Moment | None, Query(alias="from", description="With zone; included")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="With zone; excluded; default now")] = None,
) -> Series:
    """The KPI's value per bucket: minutes of the last 3 days, hours of the last 200, days without end."""
    await require_city(state, city)
    kpi = require_kpi(state.catalogue, code)[1]
    if not has_series(kpi.measure):
        raise NoSeriesError(code=code, kind=kpi.measure.kind)
    now = state.clock()
    span = span_of(resolution, begin, end, now)
    # A case counts once its bucket of due dates is past.
    last = now - STEP[resolution] if kpi.measure.cohort else span.end
    rows = [row for row in await _sums(state, city, code, resolution, span) if row[0] <= last]
    return Series(
        code=code,
        unit=kpi.unit,
        resolution=resolution,
        begin=span.begin,
        end=span.end,
        points=points(kpi.measure, rows),
    )


def span_of(resolution: Tier, begin: datetime | None, end: datetime | None, now: datetime) -> Span:
    """The time asked for, with defaults. Raises SeriesRangeError."""
    end = end or now
    begin = begin or end - DEFAULT_SPAN[resolution]
    if begin >= end:
        raise SeriesRangeError("series_empty")
    if (end - begin) / STEP[resolution] > MAX_POINTS:
        raise SeriesRangeError("series_long", limit=MAX_POINTS)
    kept = PARTS_KEPT[resolution]
    if kept and begin < now - kept - STEP[resolution]:
        raise SeriesRangeError("series_gone", days=kept.days)
    return Span(begin, end)


def points(measure: Measure, rows: Iterable[tuple[datetime, int, int, int]]) -> list[Point]:
    """Sums per bucket as points."""
    return [
        Point(
            bucket=bucket,
            value=value_of(measure, numerator, denominator),
            numerator=numerator,
            denominator=denominator,
            count=count,
        )
        for bucket, numerator, denominator, count in rows
    ]


async def _sums(
    state: State, city: str, code: str, resolution: Tier, span: Span
) -> list[tuple[datetime, int, int, int]]:
    table = parts[resolution]
    sums = [sa.cast(sa.func.sum(table.c[name]), sa.BigInteger) for name in ("numerator", "denominator", "count")]
    query = (
        sa.select(table.c.bucket, *sums)
        .where(table.c.city == city, table.c.kpi == code)
        .where(table.c.bucket >= span.begin, table.c.bucket < span.end)
        .group_by(table.c.bucket)
        .order_by(table.c.bucket)
    )
    async with state.engine.connect() as connection:
        return [(row[0], row[1], row[2], row[3]) for row in await connection.execute(query)]
