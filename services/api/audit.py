"""What people did: sign-ins and refusals, everything that is not a read, and reads of what is not shown to all."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from schemas.tables import audit_entry
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/audit", tags=["operations"])
Action = Literal["signed_in", "sign_in_refused", "signed_out", "read", "did"]
LONGEST: Final = 300
_EXAMPLE: Final[dict[str, Any]] = {
    "id": 812,
    "at": "2026-11-22T18:00:01Z",
    "actor": "aigul",
    "action": "read",
    "city": "karaganda",
    "subject": "GET /api/v1/cities/karaganda/dead-letters",
    "address": "10.0.0.7",
}


class Entry(BaseModel):
    """One thing that somebody did."""

    model_config = ConfigDict(json_schema_extra={"example": _EXAMPLE})
    id: int
    at: datetime
    actor: str
    action: Action
    city: str | None
    subject: str
    address: str | None


class Trail(BaseModel):
    """A page, newest first; `next` is the `before` of the following page, null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"entries": [_EXAMPLE], "next": 812}})
    entries: list[Entry]
    next: int | None


@router.get("")
async def trail(
    state: ApiState,
    city: Annotated[str | None, Query(max_length=64, description="Without it: an administrator of all")] = None,
    actor: Annotated[str | None, Query(max_length=64)] = None,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Trail:
    """What people did, newest first."""
    query = sa.select(audit_entry).order_by(audit_entry.c.id.desc()).limit(limit + 1)
    if city is not None:
        query = query.where(audit_entry.c.city == city)
    if actor is not None:
        query = query.where(audit_entry.c.actor == actor)
    if before is not None:
        query = query.where(audit_entry.c.id < before)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    shown = [Entry.model_validate(dict(row)) for row in rows[:limit]]
    return Trail(entries=shown, next=shown[-1].id if len(rows) > limit else None)


async def note(
    state: State, connection: HTTPConnection, actor: str, action: Action, subject: str, city: str | None = None
) -> None:
    """Write one thing down."""
    await write(state.engine, state.clock(), actor, action, subject, city, address_of(connection))


async def write(
    engine: AsyncEngine, at: datetime, actor: str, action: Action, subject: str, city: str | None, address: str | None
) -> None:
    """Write one thing down."""
    row = {
        "address": address,
        "at": at,
        "actor": actor[:LONGEST],
        "action": action,
        "city": city,
        "subject": subject[:LONGEST],
    }
    async with engine.connect() as connection:
        await connection.execute(sa.insert(audit_entry).values(row))


def address_of(connection: HTTPConnection) -> str | None:
    """Of the other end of the connection; what a proxy claims is not believed."""
    return connection.client.host if connection.client else None
