"""What is due: closed periods whose values are newer than what was delivered of them, long enough after their end.

One process per city at a time (advisory lock). A pass looks at what was stored since the pass before, so it costs the
same after five years; what it could not do yet it looks at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Category
from schemas.tables import city as cities
from schemas.tables import delivery_progress
from services.export.deliveries import Delivery, Maker, closed_of
from services.export.rows import CityRow
from services.runtime import locks

EXPORT_LOCK: Final = 0x4558504F
OVERLAP: Final = timedelta(minutes=15)
"""A value bears the time its computing began; its transaction may become visible so much later."""
_EVER: Final = datetime(1980, 1, 1, tzinfo=UTC)
_CHANGED: Final = sa.text("""
    SELECT period, name, "begin", "end", min(computed_at) AS since FROM closed_period
    WHERE city = :city AND computed_at > :after
    GROUP BY period, name, "begin", "end" ORDER BY "end", period
""")


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes what is due."""

    engine: AsyncEngine
    maker: Maker
    delay: timedelta
    """From a period's end to its first delivery, so that late data is in it."""

    async def run(self, now: datetime, only: str | None = None) -> list[Delivery]:
        """One pass over all cities, or one."""
        async with self.engine.connect() as connection:
            rows = (await connection.execute(sa.select(cities.c.code, cities.c.category))).all()
        made: list[Delivery] = []
        for row in sorted(rows):
            if only in (None, row.code):
                made += await self._city(CityRow(row.code, Category(row.category)), now)
        return made

    async def _city(self, city: CityRow, now: datetime) -> list[Delivery]:
        async with locks.sole_or_none(self.engine, EXPORT_LOCK, city.code) as connection:
            if connection is None:
                return []
            changed = await _changed(connection, city.code)
            ripe = [row for row in changed if row.end + self.delay <= now]
            made = [one for row in ripe for one in await self.maker.deliver(connection, city, closed_of(row), now)]
            waiting = [row.since for row in changed if row.end + self.delay > now]
            await _move(connection, city.code, min([now, *waiting]) - OVERLAP)
        return made


async def _changed(connection: AsyncConnection, city: str) -> Sequence[Any]:
    query = sa.select(delivery_progress.c.through).where(delivery_progress.c.city == city)
    after = (await connection.execute(query)).scalar_one_or_none() or _EVER
    rows = (await connection.execute(_CHANGED, {"city": city, "after": after})).all()
    await connection.commit()
    return rows


async def _move(connection: AsyncConnection, city: str, through: datetime) -> None:
    statement = insert(delivery_progress).values(city=city, through=through)
    moved = statement.on_conflict_do_update(index_elements=["city"], set_={"through": statement.excluded.through})
    await connection.execute(moved)
    await connection.commit()
