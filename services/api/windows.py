"""A KPI over every window, and its closed calendar periods with all their revisions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query

from schemas.catalogue import Period
from schemas.official import SduAnswer
from schemas.tables import closed_period
from schemas.windows import ClosedPeriod, ClosedPeriods, KpiWindows, Revision
from services.api import answers
from services.api.cities import require_city
from services.api.errors import UnboundKpiError
from services.api.examples import PERIODS, WINDOWS
from services.api.history import AsOf
from services.api.kpis import require_kpi
from services.api.moments import Moment
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/cities/{city}/kpis/{code}", tags=["kpis"])
MAX_PERIODS = 1000


@router.get("/windows", responses={200: {"content": {"application/json": {"example": WINDOWS}}}})
async def windows(city: str, code: str, state: ApiState) -> KpiWindows:
    """The KPI over the trailing windows of 5 minutes to 365 days, the running and the last closed day, ISO week, month,
    quarter and year of the city, as today's state tells them. What was closed and scored is at `periods`."""
    await require_city(state, city)
    kpi = require_kpi(state.catalogue, code)[1]
    if not kpi.measure.bound:
        raise UnboundKpiError(code=code)
    now = state.clock()
    found = await state.recomputing.windows(city, code, now)
    return KpiWindows(code=code, unit=kpi.unit, period=kpi.period, computed_at=now, windows=found)


@router.get("/periods", responses={200: {"content": {"application/json": {"example": PERIODS}}}})
async def periods(
    city: str,
    code: str,
    state: ApiState,
    begin: Annotated[Moment | None, Query(alias="from", description="Periods that end after this")] = None,
    end: Annotated[Moment | None, Query(alias="to", description="Periods that end by this")] = None,
    as_of: AsOf = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PERIODS, description="The newest so many")] = 60,
) -> ClosedPeriods:
    """Closed values of the KPI's own period with every revision; with `as_of` those that were stored by then."""
    await require_city(state, city)
    kpi = require_kpi(state.catalogue, code)[1]
    rows = await _rows(state, city, code, kpi.period, begin, end, as_of, limit)
    said = await answers.by_period(state, city, code)
    return ClosedPeriods(code=code, unit=kpi.unit, period=kpi.period, periods=closed_periods(rows, said))


def closed_periods(rows: Iterable[Any], said: Mapping[str, SduAnswer]) -> list[ClosedPeriod]:
    """Rows in order of end and revision as periods, each with what SDU said of it."""
    return [
        ClosedPeriod(
            name=found[0]["name"],
            begin=found[0]["begin"],
            end=found[0]["end"],
            revisions=[_revision(row) for row in found],
            sdu=said.get(found[0]["name"]),
        )
        for found in (list(group) for _, group in groupby(rows, key=lambda row: row["end"]))
    ]


def _revision(row: Any) -> Revision:
    given = {name: row[name] for name in Revision.model_fields if name != "value"}
    return Revision(value=row["value"] if row["parts"] is None else row["parts"], **given)


async def _rows(
    state: State,
    city: str,
    code: str,
    period: Period,
    begin: Moment | None,
    end: Moment | None,
    as_of: Moment | None,
    limit: int,
) -> list[Any]:
    columns = closed_period.c
    ours = [columns.city == city, columns.kpi == code, columns.period == period.value]
    asked = [*ours, columns.revision == 1]
    if begin is not None:
        asked.append(columns.end > begin)
    if end is not None:
        asked.append(columns.end <= end)
    if as_of is not None:
        ours.append(columns.computed_at <= as_of)
        asked.append(columns.computed_at <= as_of)
    ends = sa.select(columns.end).where(*asked).order_by(columns.end.desc()).limit(limit)
    query = sa.select(closed_period).where(*ours, columns.end.in_(ends)).order_by(columns.end, columns.revision)
    async with state.engine.connect() as connection:
        return list((await connection.execute(query)).mappings())
