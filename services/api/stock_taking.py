"""What Prometheus is told of sources, reconciliation and deliveries: counted in the database when it asks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.sources import STATES
from services.api.source_reader import SourceReader
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)
AGE: Final = timedelta(seconds=10)
"""Asked again sooner, the figures of before are given."""
OUTCOMES: Final = ("passed", "stored", "duplicate", "rejected", "skipped", "difference")

# Several topics of one name (a topic made again) must not cancel each other out.
_PARTITIONS: Final = sa.text("""
    SELECT topic || '/' || partition AS partition, sum(passed)::bigint AS passed, sum(stored)::bigint AS stored,
      sum(duplicate)::bigint AS duplicate, sum(rejected)::bigint AS rejected, sum(skipped)::bigint AS skipped,
      sum(abs(difference))::bigint AS difference
    FROM v_reconciliation GROUP BY topic, partition
""")

_OVERDUE: Final = sa.text("""
    SELECT c.city, count(o.name) AS overdue FROM v_city AS c LEFT JOIN v_export_overdue AS o ON o.city = c.city
    GROUP BY c.city
""")


class StockTaking:
    """Sets the gauges. While the database is away they are gone, because old figures would look like good ones."""

    def __init__(self, engine: AsyncEngine, sources: SourceReader, clock: Clock, metrics: Metrics) -> None:
        self._engine = engine
        self._judged = sources
        self._clock = clock
        self._sources = metrics.gauge("ahual_sources")
        self._missing = metrics.gauge("ahual_sources_missing_messages")
        self._records = metrics.gauge("ahual_reconciliation_records")
        self._overdue = metrics.gauge("ahual_deliveries_overdue")
        self._taken: datetime | None = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self) -> None:
        """Count again if the last count is older than `AGE`."""
        async with self._one_at_a_time:
            now = self._clock()
            if self._taken is not None and now - self._taken < AGE:
                return
            try:
                self._show_sources(await self._judged.counts())
                async with self._engine.connect() as connection:
                    await self._count_records(connection)
                    await self._count_overdue(connection)
            except DATABASE_ERRORS as error:
                log.warning("sources and offsets not counted", extra={"reason": repr(error)[:300]})
                self._forget()
            else:
                self._taken = now

    def _show_sources(self, rows: Sequence[Any]) -> None:
        self._sources.clear()
        self._missing.clear()
        for city, system in {(row["city"], row["system"]) for row in rows}:
            for state in STATES:
                self._sources.labels(city, system, state).set(0)
        for row in rows:
            self._sources.labels(row["city"], row["system"], row["state"]).set(row["sources"])
            self._missing.labels(row["city"], row["system"]).inc(row["missing"])

    async def _count_records(self, connection: AsyncConnection) -> None:
        rows = (await connection.execute(_PARTITIONS)).mappings().all()
        self._records.clear()
        for row in rows:
            for outcome in OUTCOMES:
                self._records.labels(row["partition"], outcome).set(row[outcome])

    async def _count_overdue(self, connection: AsyncConnection) -> None:
        rows = (await connection.execute(_OVERDUE)).all()
        self._overdue.clear()
        for row in rows:
            self._overdue.labels(row.city).set(row.overdue)

    def _forget(self) -> None:
        self._taken = None
        for gauge in (self._sources, self._missing, self._records, self._overdue):
            gauge.clear()
