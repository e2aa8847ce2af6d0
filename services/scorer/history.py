"""A partition's whole past: what the archive has of it, and what the ledger has beside. Each event comes once.

Whoever reads both holds the archive's lock (`floors.ARCHIVE_LOCK`), so that nothing moves from the one to the other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events.envelope import EventClass
from services.scorer import archive_index, stored_events
from services.scorer.archive import Archive, batches_in
from services.scorer.decoding import RecordDecoder
from services.scorer.imported import IMPORTED, unstamped
from services.scorer.stored_events import StoredBatch
from services.scorer.types import City, Decoded

Through = Mapping[tuple[EventClass, date], int]
"""The newest ledger batch whose events of a class and day are in the archive."""


class Stored(NamedTuple):
    """Events that one transaction stored, or some of them."""

    event_class: EventClass
    stored_at: datetime
    events: list[Decoded]


@dataclass(frozen=True, slots=True)
class History:
    """Reads the ledger; with an archive, what the ledger has dropped too."""

    cities: Mapping[str, City]
    archive: Archive | None = None
    decoder: RecordDecoder = field(default_factory=RecordDecoder)

    async def read(
        self, connection: AsyncConnection, partition: int, begin: datetime, end: datetime
    ) -> AsyncIterator[Stored]:
        """The partition's events of begin <= time < end, and others beside them.

        ArchiveError with the path of a file that is not what the database knows of it.
        """
        through: Through = {}
        if self.archive is not None:
            through = await archive_index.through(connection)
            async for batch in _archived(connection, self.archive, partition, begin, end):
                yield self._stored(batch, {})
        async for batch in stored_events.batches(connection, partition, begin, end):
            yield self._stored(batch, through)

    def _stored(self, batch: StoredBatch, through: Through) -> Stored:
        events, _ = self.decoder.decode(batch.records, self.cities)
        if batch.partition == IMPORTED:
            events = unstamped(events)
        if through:
            events = [event for event in events if through.get(_day(batch, event), -1) < batch.id]
        return Stored(batch.event_class, batch.stored_at, events)


def _day(batch: StoredBatch, event: Decoded) -> tuple[EventClass, date]:
    return batch.event_class, event.key.time.astimezone(UTC).date()


async def _archived(
    connection: AsyncConnection, archive: Archive, partition: int, begin: datetime, end: datetime
) -> AsyncIterator[StoredBatch]:
    """Archived batches, oldest days first; what a transaction stored of several days comes in several pieces."""
    for (event_class, day), files in (await archive_index.files(connection, begin, end)).items():
        for path in archive.trusted(event_class, day, files):
            for batch in batches_in(path, event_class, partition, begin, end):
                yield batch
