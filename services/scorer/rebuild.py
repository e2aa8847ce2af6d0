"""`ahual rebuild`: recompute from ledger and archive, partition by partition, and prove or correct what is stored.

A check reads ledger and parts in one snapshot, so it needs no lock and nothing waits. What is written is computed under
the lock of the partition's offset, as every batch is: that partition waits, the others go on. Where an archive is read
too, archiving and importing wait meanwhile. Imports are a partition like the others, but follow no set of measures:
they were added by the ones of their day.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.catalogue import Catalogue
from schemas.retention import PARTS_KEPT
from schemas.topics import EVENTS
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.database import open_database
from services.scorer import changed_days, difference, floors, marks, measured_under, refolding, versions
from services.scorer.archive import Archive
from services.scorer.changed_days import ChangedDay
from services.scorer.difference import SHAPES, Difference, Shape, Window
from services.scorer.errors import OtherMeasuresError
from services.scorer.history import History
from services.scorer.imported import IMPORTED, TOPIC
from services.scorer.measures import kpis_of
from services.scorer.refolding import Progress, Refolder, Scope
from services.scorer.types import City

MARGIN: Final = timedelta(hours=1)
"""Scorers' clocks may differ a little: buckets that a tier is about to drop are not compared."""
STATEMENT_S: Final = 3600.0
HELD_S: Final = 60.0
"""Whoever stands still for so long while a partition waits for him loses it; between two statements lies less."""
FEEDS: Final = (EVENTS, TOPIC)
"""Topics whose partitions are added to parts."""
_KEPT: Final = {
    table.name: PARTS_KEPT[tier] for kind in (tables.parts, tables.bins) for tier, table in kind.items()
} | {tables.entry.name: None}


@dataclass(frozen=True, slots=True)
class Rebuilder:
    """Recomputes partitions with one catalogue."""

    database: SecretStr
    catalogue: Catalogue
    cities: Mapping[str, City]
    clock: Clock
    progress: Progress = lambda _partition, _events: None
    archive: Archive | None = None
    """Without one, what the ledger has dropped is left alone."""

    async def check(self, partition: int, scope: Scope) -> list[Difference]:
        """What differs, as of one moment. Nothing is written; OtherMeasuresError if other measures added it."""
        async with self._alone() as connection:
            await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await self._require_same_measures(connection, partition, scope)
            return await self._compare(connection, partition, scope)

    async def apply(self, partition: int, scope: Scope, by: str) -> list[Difference]:
        """The same while the partition waits; the differences are added, shown to readers and recorded."""
        async with self._alone() as connection:
            await hold(connection, partition)
            await self._require_same_measures(connection, partition, scope)
            return await self._repair(connection, partition, scope, by, "rebuild")

    async def adopt(self, partition: int) -> list[Difference]:
        """Recompute what other measures, categories or time zones have added, and say what holds from now on.

        OutdatedError if the partition follows newer measures than this catalogue's.
        """
        now = versions.basis(self.catalogue, self.cities)
        async with self._alone() as connection:
            await hold(connection, partition)
            stored = await measured_under.read(connection, partition)
            await measured_under.require_newest(connection, partition, now, self.clock())
            stale = versions.stale(stored, now)
            kpis = self.kpis() if stale.cities else stale.kpis
            found: list[Difference] = []
            if kpis:
                scope = Scope(kpis, frozenset(self.cities))
                found = await self._repair(connection, partition, scope, "scorer", "measures changed")
            await measured_under.write(connection, partition, now)
            return found

    def kpis(self) -> frozenset[str]:
        """All KPIs that events are added to."""
        return frozenset(kpi.code for kpi in kpis_of(self.catalogue) if kpi.measure.bound)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction on a connection that has run nothing before and will not be used again."""
        engine = open_database(
            self.database,
            pool_size=2,
            application="ahual-rebuild",
            command_timeout_s=STATEMENT_S,
            held_s=HELD_S,
        )
        try:
            async with AsyncExitStack() as stack:
                if self.archive is not None:
                    await stack.enter_async_context(locks.sole(engine, floors.ARCHIVE_LOCK, floors.ARCHIVE))
                yield await stack.enter_async_context(engine.begin())
        finally:
            await engine.dispose()

    async def _require_same_measures(self, connection: AsyncConnection, partition: int, scope: Scope) -> None:
        if partition == IMPORTED:
            return
        stale = versions.stale(
            await measured_under.read(connection, partition), versions.basis(self.catalogue, self.cities)
        )
        if stale.kpis & scope.kpis or stale.cities & scope.cities:
            raise OtherMeasuresError(partition, sorted(stale.kpis & scope.kpis | stale.cities & scope.cities))

    async def _compare(self, connection: AsyncConnection, partition: int, scope: Scope) -> list[Difference]:
        now = self.clock()
        await refolding.hide(connection)
        history = History(self.cities, self.archive)
        await Refolder(self.catalogue, history, now, self.progress).refold(connection, partition, scope)
        horizons = await horizons_of(connection, archived=self.archive is not None)
        found: list[Difference] = []
        for shape in SHAPES:
            windows = _windows(shape, scope, horizons, now)
            found += await difference.find(connection, partition, shape, windows, scope.cities)
        return found

    async def _repair(
        self, connection: AsyncConnection, partition: int, scope: Scope, by: str, reason: str
    ) -> list[Difference]:
        found = await self._compare(connection, partition, scope)
        now = self.clock()
        for shape in SHAPES:
            await difference.add(connection, shape)
        await _mark(connection, partition, found)
        days = changed_days.changed(await difference.days(connection), self.cities, now)
        await _mark_days(connection, partition, days, now)
        await _record(connection, partition, found, by, reason, now)
        return found


async def hold(connection: AsyncConnection, partition: int) -> None:
    """Make the partition wait until this transaction ends; an older topic's partition of that number too."""
    offset = tables.consumer_offset.c
    query = sa.select(offset.next_offset).where(offset.topic.in_(FEEDS), offset.partition == partition)
    await connection.execute(query.order_by(offset.cluster, offset.topic_id).with_for_update())


async def partitions_of(connection: AsyncConnection) -> list[int]:
    """Every partition that has an offset; that of imports too."""
    offset = tables.consumer_offset.c
    query = sa.select(offset.partition).where(offset.topic.in_(FEEDS)).distinct().order_by(offset.partition)
    return list((await connection.scalars(query)).all())


async def horizons_of(connection: AsyncConnection, *, archived: bool = False) -> dict[str, datetime]:
    """From which bucket on every event that was added to a KPI is still there; absent: all of them are.

    In the ledger; with `archived` in the ledger or the archive.
    """
    c = tables.rebuild_horizon.c
    bucket = c.lost if archived else c.bucket
    rows = await connection.execute(sa.select(c.kpi, bucket).where(bucket.is_not(None)))
    return {row[0]: row[1] for row in rows}


def _windows(shape: Shape, scope: Scope, horizons: Mapping[str, datetime], now: datetime) -> dict[str, Window]:
    kept = _KEPT[shape.table.name]
    begin = scope.begin if kept is None else max(scope.begin, now - kept + MARGIN)
    return {kpi: Window(max(begin, horizons.get(kpi, begin)), scope.end) for kpi in sorted(scope.kpis)}


_MARK_DAY: Final = sa.text("""
    INSERT INTO public.changed_day (city, day, kpi, onwards, partition, revision, since, changed_at)
    VALUES (:city, :day, :kpi, :onwards, :partition, 1, :now, :now)
    ON CONFLICT (city, day, kpi, onwards, partition) DO UPDATE
    SET revision = changed_day.revision + 1, changed_at = excluded.changed_at
""")


async def _mark(connection: AsyncConnection, partition: int, found: Sequence[Difference]) -> None:
    """Give every changed KPI a new revision, and tell the score writers."""
    changed = sorted({(lack.city, lack.kpi) for lack in found})
    if changed:
        rows = [{"city": city, "kpi": kpi, "partition": partition} for city, kpi in changed]
        await connection.execute(marks.ALL, rows)
    for city in sorted({city for city, _ in changed}):
        await connection.execute(sa.select(sa.func.pg_notify(tables.CHANNEL_PARTS, city)))


async def _mark_days(connection: AsyncConnection, partition: int, days: Iterable[ChangedDay], now: datetime) -> None:
    """Closed periods look at these days again."""
    rows = [{**day._asdict(), "partition": partition, "now": now} for day in sorted(days)]
    if rows:
        await connection.execute(_MARK_DAY, rows)


async def _record(
    connection: AsyncConnection, partition: int, found: Sequence[Difference], by: str, reason: str, now: datetime
) -> None:
    rows = [
        {
            "done_at": now,
            "by": by,
            "reason": reason,
            "partition": partition,
            "table": lack.table,
            "city": lack.city,
            "kpi": lack.kpi,
            "rows": lack.rows,
            "first": lack.first,
            "last": lack.last,
            "added": lack.sums,
        }
        for lack in found
    ]
    if rows:
        await connection.execute(sa.insert(tables.rebuild), rows)
