"""The raw events of a stretch of time, for whoever delivers them: the archive's, and beside them the ledger's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.events.envelope import EventClass
from schemas.facts import Page
from services.runtime import locks
from services.scorer import archive_index, floors, parquet, stored_events
from services.scorer.archive import CLASSES, Archive
from services.scorer.floors import DAY, midnight
from services.scorer.stored_events import StoredBatch
from services.scorer.tombstones import BATCH as TOMBSTONE


class Slice(NamedTuple):
    """What of a UTC day and class lies in the stretch."""

    event_class: EventClass
    day: date
    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class FactReader:
    """Reads what is stored; in order of class, day, ledger batch and position, which nothing ever changes."""

    engine: AsyncEngine
    archive: Archive | None = None

    async def read(self, begin: datetime, end: datetime) -> AsyncIterator[Page]:
        """Pages with every event of begin <= time < end, of all cities.

        LookupError when somebody archives right now, or what is needed has been dropped; ArchiveError for its files.
        """
        async with locks.sole_or_none(self.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE) as connection:
            if connection is None:
                raise LookupError("the ledger is being archived: try again later")
            through = await archive_index.through(connection)
            dropped = {name: floor.dropped for name, floor in (await floors.read(connection)).items()}
            for part in slices(begin, end):
                known = through.get((part.event_class, part.day))
                if known is None and part.begin < dropped[part.event_class]:
                    raise LookupError(f"events of {part.day} are no longer kept")
                if known is not None:
                    async for page in self._archived(connection, part):
                        yield page
                async for page in _stored(connection, part, TOMBSTONE if known is None else known):
                    yield page
            await connection.commit()

    async def _archived(self, connection: AsyncConnection, part: Slice) -> AsyncIterator[Page]:
        files = await archive_index.files_of(connection, part.event_class, part.day)
        if files and self.archive is None:
            raise LookupError(f"events of {part.day} are in the archive: AHUAL_ARCHIVE_FOLDER must name it")
        for path in self.archive.trusted(part.event_class, part.day, files) if self.archive else ():
            for table in parquet.tables(path):
                rows = parquet.of_table(table)
                for (batch, stored_at), of_batch in groupby(rows, key=lambda row: (row.batch, row.stored_at)):
                    yield Page(part.begin, part.end, batch, stored_at, [(row.position, row.body) for row in of_batch])


async def _stored(connection: AsyncConnection, part: Slice, after: int) -> AsyncIterator[Page]:
    async for batches in stored_events.together(connection, part.event_class, part.begin, part.end, after, 2**62):
        for _, batch in batches:
            yield _page(part, batch)


def _page(part: Slice, batch: StoredBatch) -> Page:
    return Page(part.begin, part.end, batch.id, batch.stored_at, [(r.offset, r.value) for r in batch.records])


def slices(begin: datetime, end: datetime) -> Iterator[Slice]:
    """The days of each class, oldest first. Pure."""
    last = (end - timedelta(microseconds=1)).astimezone(UTC).date()
    for event_class in CLASSES:
        day = begin.astimezone(UTC).date()
        while day <= last:
            yield Slice(event_class, day, max(begin, midnight(day)), min(end, midnight(day) + DAY))
            day += DAY
