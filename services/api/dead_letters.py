"""What was rejected lately, without the payloads: they may hold what is nobody's business here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from schemas.tables import dead_letter
from services.api.cities import require_city
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["operations"])
NEWEST = 100


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
async def dead_letters(city: str, state: ApiState) -> list[Rejected]:
    """The newest 100, newest first."""
    await require_city(state, city)
    shown = [dead_letter.c[name] for name in Rejected.model_fields]
    query = sa.select(*shown).where(dead_letter.c.city == city).order_by(dead_letter.c.id.desc()).limit(NEWEST)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [Rejected.model_validate(dict(row)) for row in rows]
