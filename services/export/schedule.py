"""What is due: closed periods whose values are newer than what was delivered of them, long enough after their end.
And the raw facts of those periods, where they are wanted.

One process per city at a time (advisory lock). A pass looks at what was stored since the pass before, so it costs the
same after five years; what it could not do yet it looks at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Category, Period
from schemas.tables import city as cities
from schemas.tables import delivery_progress
from services.export.deliveries import Delivery, Maker, closed_of
from services.export.errors import DamagedError
from services.export.facts import Facts
from services.export.rows import CityRow
from services.runtime import locks
from services.runtime.locks import Holder

EXPORT_LOCK: Final = 0x4558504F
OVERLAP: Final = timedelta(minutes=15)
"""A value bears the time its computing began; its transaction may become visible so much later."""
_EVER: Final = datetime(1980, 1, 1, tzinfo=UTC)
_CHANGED: Final = sa.text("""
    SELECT period, name, "begin", "end", min(computed_at) AS since FROM closed_period
    WHERE city = :city AND computed_at > :after
    GROUP BY period, name, "begin", "end" ORDER BY "end", period
""")


_WITHOUT_FACTS: Final = sa.text("""
    SELECT k.* FROM (
      SELECT DISTINCT ON (d.city, d.period, d."end") d.city, d.period, d.name, d."end", d.revision, c."begin"
      FROM delivery d
      CROSS JOIN LATERAL (
        SELECT "begin" FROM closed_period c WHERE c.city = d.city AND c.period = d.period AND c."end" = d."end" LIMIT 1
      ) c
      WHERE d.city = :city AND d.kind = 'kpis' AND d.period = ANY(:periods) AND d.stored_at > :since
      ORDER BY d.city, d.period, d."end", d.revision DESC
    ) k
    WHERE NOT EXISTS (
      SELECT FROM delivery f WHERE f.city = k.city AND f.kind = 'facts' AND f.period = k.period AND f."end" = k."end"
        AND f.revision = k.revision
    ) ORDER BY k."end", k.period
""").bindparams(sa.bindparam("periods", type_=ARRAY(sa.Text())))
LOOKED_BACK: Final = timedelta(days=30)
"""So long facts are tried for after their KPIs were delivered; later `ahual export facts` makes them."""


class Pass(NamedTuple):
    """What a pass made, and the periods whose facts could not be read yet, with the reason."""

    made: list[Delivery]
    waiting: list[str]
    held: dict[str, Holder]
    """Cities that another process is at, and which session of the database that is."""
    damaged: list[DamagedError]
    """Deliveries on disk that are not what their manifests say; what is due after them waits for them."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """Makes what is due."""

    engine: AsyncEngine
    maker: Maker
    delay: timedelta
    """From a period's end to its first delivery, so that late data is in it."""
    facts: Facts | None = None
    fact_periods: tuple[Period, ...] = ()
    """Periods whose raw facts are delivered too."""

    async def run(self, now: datetime, only: str | None = None) -> Pass:
        """One pass over all cities, or one."""
        async with self.engine.connect() as connection:
            rows = (await connection.execute(sa.select(cities.c.code, cities.c.category))).all()
        done = Pass([], [], {}, [])
        for row in sorted(rows):
            if only in (None, row.code):
                try:
                    await self._city(CityRow(row.code, Category(row.category)), now, done)
                except DamagedError as error:
                    done.damaged.append(error)
        return done

    async def _city(self, city: CityRow, now: datetime, done: Pass) -> None:
        async with locks.sole_or_none(self.engine, EXPORT_LOCK, city.code) as connection:
            if connection is None:
                if at_it := await locks.holder(self.engine, EXPORT_LOCK, city.code):
                    done.held[city.code] = at_it
                return
            done.made.extend(await self._kpis(connection, city, now))
            await self._facts(connection, city, now, done)

    async def _kpis(self, connection: AsyncConnection, city: CityRow, now: datetime) -> list[Delivery]:
        changed = await _changed(connection, city.code)
        ripe = [row for row in changed if row.end + self.delay <= now]
        made = [one for row in ripe for one in await self.maker.deliver(connection, city, closed_of(row), now)]
        waiting = [row.since for row in changed if row.end + self.delay > now]
        await _move(connection, city.code, min([now, *waiting]) - OVERLAP)
        return made

    async def _facts(self, connection: AsyncConnection, city: CityRow, now: datetime, done: Pass) -> None:
        asked = {
            "city": city.code,
            "periods": [period.value for period in self.fact_periods],
            "since": now - LOOKED_BACK,
        }
        due = (await connection.execute(_WITHOUT_FACTS, asked)).all() if self.facts and self.fact_periods else ()
        await connection.commit()
        for row in due:
            of = Delivery("kpis", row.city, closed_of(row), row.revision, {}, "")
            try:
                assert self.facts is not None  # noqa: S101  # nothing is due without
                done.made.append(await self.maker.deliver_facts(connection, of, self.facts, now))
            except LookupError as error:
                done.waiting.append(f"{row.city}/{row.period}/{row.name}: {error}")


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
