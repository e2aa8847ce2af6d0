"""Reading stored snapshots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import cityscore_current as current

_BODY = sa.cast(current.c.snapshot, sa.Text)


@dataclass(frozen=True)
class Stored:
    """One stored snapshot; `body` is its JSON as the database keeps it."""

    city: str
    revision: int
    body: str

    @cached_property
    def snapshot(self) -> dict[str, Any]:
        """The parsed body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


async def read_one(engine: AsyncEngine, city: str) -> Stored | None:
    """The city's newest snapshot; None when there is none (yet)."""
    query = sa.select(current.c.city, current.c.revision, _BODY).where(current.c.city == city)
    async with engine.connect() as connection:
        row = (await connection.execute(query)).one_or_none()
    return None if row is None else Stored(*row)


async def read_newer(engine: AsyncEngine, known: Mapping[str, int | None]) -> list[Stored]:
    """The snapshots of these cities whose revision is another one than the known."""
    asked = (
        sa.func.unnest(sa.cast(list(known), sa.ARRAY(sa.Text)), sa.cast(list(known.values()), sa.ARRAY(sa.BigInteger)))
        .table_valued("city", "revision")
        .render_derived("asked")
    )
    query = sa.select(current.c.city, current.c.revision, _BODY).join_from(
        asked,
        current,
        (asked.c.city == current.c.city) & current.c.revision.is_distinct_from(asked.c.revision),
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    return [Stored(*row) for row in rows]
