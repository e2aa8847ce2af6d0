"""Keeping the ledger short where nobody archives: the floor moves, and what is below it is dropped for good."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, get_args

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.events.envelope import EventClass
from schemas.tables import archive_day
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.metrics import Metrics
from services.scorer import floors, stored_events
from services.scorer.errors import ArchiveError
from services.scorer.measures import Compiled
from services.scorer.survey import Survey
from services.scorer.types import City

_CLASSES: Final[tuple[EventClass, ...]] = get_args(EventClass)
_NEWEST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class LedgerRetention:
    """What the scorer does itself while no archive is configured."""

    engine: AsyncEngine
    compiled: Compiled
    clock: Clock

    async def drop_old(self, cities: Mapping[str, City]) -> None:
        """Move each floor by a day if that is due and drop what lies below; nothing if somebody else is at it.

        ArchiveError if there was an archive once: then the ledger waits for `ahual archive`.
        """
        async with locks.sole_or_none(self.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE) as connection:
            if connection is None:
                return
            for event_class in _CLASSES:
                await self._class(connection, event_class, cities)

    async def _class(self, connection: AsyncConnection, event_class: EventClass, cities: Mapping[str, City]) -> None:
        async with connection.begin():
            await floors.move(connection, event_class, self.clock())
        async with connection.begin():
            await _require_no_archive(connection, event_class)
            floor = (await floors.read(connection))[event_class]
            survey = Survey(self.compiled, cities, floor.dropped, floor.floor)
            if floor.dropped < floor.floor:
                async for group in stored_events.together(
                    connection, event_class, floor.dropped, floor.floor, 0, _NEWEST
                ):
                    await asyncio.to_thread(survey.see, [batch for _, batch in group])
            await survey.record(connection, lost=True)
        async with connection.begin():
            await floors.drop(connection, event_class, floor.floor)


async def _require_no_archive(connection: AsyncConnection, event_class: EventClass) -> None:
    query = sa.select(archive_day.c.day).where(archive_day.c.event_class == event_class).limit(1)
    if (await connection.execute(query)).first():
        raise ArchiveError(None, "not_configured")


async def measure(engine: AsyncEngine, clock: Clock, metrics: Metrics) -> None:
    """How old the floors are, and how many days below them are still in the ledger."""
    async with engine.connect() as connection:
        standing = await floors.read(connection)
    for event_class, floor in standing.items():
        age = (clock() - floor.floor).total_seconds()
        metrics.gauge("ahual_ledger_floor_age_seconds").labels(event_class).set(age)
        below = len(floors.days_between(floor.dropped, floor.floor))
        metrics.gauge("ahual_ledger_days_below_floor").labels(event_class).set(below)
