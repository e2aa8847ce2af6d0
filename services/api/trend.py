"""How index, sections and KPIs went: all small curves of a page in one answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, TypeGuard

import sqlalchemy as sa
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.dialects.postgresql import JSONB

from schemas.catalogue import SectionCode
from schemas.snapshot import Known
from schemas.tables import Tier, cityscore_current, cityscores
from services.api.cities import require_city
from services.api.courses import Figures
from services.api.examples import TREND
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])
MAX_POINTS: Final = 200
FRESH_S: Final = 30
HOUR: Final = timedelta(hours=1)
RECOMPUTED: Final = 48
"""So many hours back; each costs as much as a score."""


class Trend(BaseModel):
    """Columns of equal length, oldest first; null where there was no figure."""

    model_config = ConfigDict(json_schema_extra={"example": TREND})
    resolution: Tier
    moments: list[datetime] = Field(description="when each of the scores was computed, or of when it is")
    known: list[Known] = Field(
        description="`then`: as it was stored; `now`: none was stored in that hour, recomputed from today's state"
    )
    index: list[float | None]
    sections: dict[SectionCode, list[float | None]] = Field(description="scores, 0…1")
    kpis: dict[str, list[float | None]] = Field(description="values; 1.4, which has several, is left out")


@router.get("/trend")
async def trend(
    city: str,
    state: ApiState,
    response: Response,
    resolution: Annotated[Tier, Query(description="The score at the end of each minute, hour or UTC day")] = "hour",
    points: Annotated[int, Query(ge=2, le=MAX_POINTS, description="The newest so many")] = 48,
) -> Trend:
    """The newest live scores as curves, as they were known then; the last one is the present one. Hours in which none
    was stored are recomputed, up to two days back."""
    await require_city(state, city)
    rows = await _stored(state, city, resolution, points)
    if resolution == "hour":
        rows += await _unstored(state, city, points, rows)
    rows = sorted(rows, key=lambda row: row.computed_at)[-points:]
    response.headers["Cache-Control"] = f"max-age={FRESH_S}"
    return Trend(
        resolution=resolution,
        moments=[row.computed_at for row in rows],
        known=[row.known for row in rows],
        index=[row.index for row in rows],
        sections={SectionCode(code): column for code, column in columns([row.sections for row in rows]).items()},
        kpis=columns([row.kpis for row in rows]),
    )


async def _unstored(state: State, city: str, points: int, stored: Sequence[Figures]) -> list[Figures]:
    """The ends of the newest hours in which no score was stored."""
    now = state.clock()
    ends = [_hour_of(now) - n * HOUR for n in range(min(points - 1, RECOMPUTED))]
    known = {_hour_of(row.computed_at) + HOUR for row in stored}
    return await state.courses.at(state.recomputing, city, [end for end in ends if end not in known], now)


def _hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def columns(rows: Sequence[Mapping[str, object]]) -> dict[str, list[float | None]]:
    """Rows of numbers by name as a column per name; what is no number is null, what never is one has no column."""
    names = sorted({name for row in rows for name, value in row.items() if _number(value)})
    return {name: [value if _number(value := row.get(name)) else None for row in rows] for name in names}


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float)


async def _stored(state: State, city: str, resolution: Tier, points: int) -> list[Figures]:
    """Newest first, beginning with what stands now; only the figures leave the database, not the snapshots."""
    kept, now = cityscores[resolution].c, cityscore_current.c
    stored = _curve_of(kept.snapshot, kept.computed_at).where(kept.city == city)
    stored = stored.order_by(kept.computed_at.desc()).limit(points)
    standing = _curve_of(now.snapshot, now.computed_at).where(now.city == city)
    both = sa.union(standing, stored.subquery().select()).subquery().c
    query = sa.select(*both).order_by(both.computed_at.desc()).limit(points)
    async with state.engine.connect() as connection:
        return [Figures(**row, known="then") for row in (await connection.execute(query)).mappings()]


def _curve_of(snapshot: sa.Column[Any], computed_at: sa.Column[Any]) -> sa.Select[Any]:
    return sa.select(
        computed_at,
        sa.cast(snapshot["index"].astext, sa.Float).label("index"),
        _figures(snapshot, "sections", "score").label("sections"),
        _figures(snapshot, "kpis", "value").label("kpis"),
    )


def _figures(snapshot: sa.Column[Any], part: str, figure: str) -> sa.ScalarSelect[Any]:
    """`{name: figure}` of every entry of `snapshot[part]`."""
    each = sa.func.jsonb_each(snapshot[part]).table_valued("key", sa.column("value", JSONB))
    return sa.select(sa.func.jsonb_object_agg(each.c.key, each.c.value[figure])).scalar_subquery()
