"""Reading stored snapshots."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import cramjam
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
    def content(self) -> bytes:
        """The body as it is sent."""
        return self.body.encode()

    @cached_property
    def gzipped(self) -> bytes:
        """The body for readers that take gzip: once for all of them."""
        return bytes(cramjam.gzip.compress(self.content, level=6))

    @cached_property
    def snapshot(self) -> dict[str, Any]:
        """The parsed body."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class SnapshotReader:
    """Reads the newest snapshot; the database is asked every time, but sends the body only if it is another one."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[datetime, Stored]] = {}

    async def read(self, city: str) -> Stored | None:
        """The city's newest snapshot; None when there is none (yet)."""
        computed_at, stored = self._known.get(city, (None, None))
        async with self._engine.connect() as connection:
            # Straight to the driver: on this path SQLAlchemy's share would be ten times the database's.
            driver = (await connection.get_raw_connection()).driver_connection
            assert driver is not None  # noqa: S101 - it is only without one when closed
            row = await driver.fetchrow(_NEWEST, city, stored and stored.revision, computed_at)
        if row is None:
            return None
        if stored is None or row["body"] is not None:
            stored = Stored(city, row["revision"], row["body"])
            self._known[city] = (row["computed_at"], stored)
        return stored


# Revisions begin anew when a database does, so the time of computing is compared too.
_NEWEST = """
    SELECT revision, computed_at,
           CASE WHEN revision = $2::bigint AND computed_at = $3::timestamptz THEN NULL ELSE snapshot::text END AS body
    FROM cityscore_current WHERE city = $1
"""


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
