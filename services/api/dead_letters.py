"""What was rejected lately, without the payloads: they may hold what is nobody's business here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict

from schemas.tables import dead_letter
from services.api.cities import require_city
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["operations"])
NEWEST = 100
MOST_SOURCES = 1000


class Rejected(BaseModel):
    """One rejected message or event; `ahual dlq show` has the payload."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 17,
                "rejected_at": "2026-11-22T18:00:01Z",
                "reason": "invalid_field",
                "field": "$.data.queued_at",
                "detail": "Input should have timezone info",
                "topic": "ahual/v1/almaty/contact-centre/line-1/events",
                "system": "contact-centre",
                "device": "line-1",
                "size": 412,
                "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "truncated": False,
                "replayed_at": None,
            }
        }
    )
    id: int
    rejected_at: datetime
    reason: str
    field: str | None
    detail: str
    topic: str
    system: str
    device: str
    size: int
    sha256: str
    truncated: bool
    replayed_at: datetime | None


@router.get("/dead-letters")
async def dead_letters(
    city: str,
    state: ApiState,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="Smallest id of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = NEWEST,
) -> list[Rejected]:
    """Newest first; `before` the last id of a page is the next page."""
    await require_city(state, city)
    shown = [dead_letter.c[name] for name in Rejected.model_fields]
    query = sa.select(*shown).where(dead_letter.c.city == city).order_by(dead_letter.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(dead_letter.c.id < before)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [Rejected.model_validate(dict(row)) for row in rows]


class RejectedBy(BaseModel):
    """How many messages of one source were rejected for one reason, and when the newest was."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "system": "water",
                "device": "meter-17",
                "reason": "wrong_unit",
                "count": 12,
                "newest_at": "2026-11-22T18:00:01Z",
            }
        }
    )
    system: str
    device: str
    reason: str
    count: int
    newest_at: datetime


@router.get("/dead-letters/summary")
async def dead_letters_by_source(
    city: str,
    state: ApiState,
    hours: Annotated[int, Query(ge=1, le=240, description="How far back; letters are kept for 10 days")] = 24,
) -> list[RejectedBy]:
    """Of each source and reason how many, most first; at most 1,000 rows."""
    await require_city(state, city)
    c = dead_letter.c
    count = sa.func.count().label("count")
    query = (
        sa.select(c.system, c.device, c.reason, count, sa.func.max(c.rejected_at).label("newest_at"))
        .where(c.city == city, c.rejected_at > state.clock() - timedelta(hours=hours))
        .group_by(c.system, c.device, c.reason)
        .order_by(count.desc(), c.system, c.device, c.reason)
        .limit(MOST_SOURCES)
    )
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [RejectedBy.model_validate(dict(row)) for row in rows]
