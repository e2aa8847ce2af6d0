"""Importing events whatever their age: what the scorer rejects as `too_old`, and history from before there was Ahual.

An import goes through the ledger as a batch of the partition `IMPORTED`, in one transaction like a scorer's; what was
dropped from the ledger is looked up in the archive. Whoever calls holds the archive's lock, so that nothing moves from
the one to the other meanwhile. Repeating an import adds nothing; the next round of the archivist archives what it
added.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.tables import consumer_offset, dead_letter
from schemas.topics import EVENTS
from services.runtime.clock import Clock
from services.runtime.topic_identity import TopicIdentity
from services.scorer import additions, archive_index, corrections, devices, floors, ledger, offsets, tombstones
from services.scorer.activity import Observed, observe
from services.scorer.archive import Archive
from services.scorer.corrections import Settled, gather, target_of
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import ContendedError
from services.scorer.floors import Floor
from services.scorer.fold import fold
from services.scorer.imported import IMPORTED, TOPIC, unstamped
from services.scorer.measures import Compiled
from services.scorer.stored_events import StoredEvent
from services.scorer.types import Batch, City, Decoded, EventKey, Folded, Record, Rejected

IDENTITY: Final = TopicIdentity("", TOPIC)


class Imported(NamedTuple):
    """What became of the events of one transaction."""

    stored: int
    duplicate: int
    rejected: Sequence[Rejected]


@dataclass
class Importer:
    """Imports events through a connection that holds the archive's lock."""

    connection: AsyncConnection
    archive: Archive
    compiled: Compiled
    cities: Mapping[str, City]
    clock: Clock
    measures: str = ""
    """Hash of what `compiled` and `cities` add by (`versions.py`): what is taken back was added by the same."""
    decoder: RecordDecoder = field(default_factory=RecordDecoder)

    async def add(self, bodies: Sequence[bytes], letters: Sequence[int] = (), *, trial: bool = False) -> Imported:
        """Import canonical events in one transaction; those that are in keep none of their dead letters waiting.

        `letters` are the ids of their dead letters, if they come from there. A trial leaves nothing behind.
        ArchiveError if the archive is damaged; ContendedError if a scorer decides the same correction at this moment.
        """
        async with self.connection.begin() as transaction:
            begin, _ = await offsets.enter(self.connection, IDENTITY, TOPIC, IMPORTED, 0)
            records = [Record(begin + number, body) for number, body in enumerate(bodies)]
            batch = Batch(IDENTITY.cluster, IDENTITY.topic_id, TOPIC, IMPORTED, begin, records)
            done = await self._add(batch)
            left = {rejected.offset for rejected in done.rejected}
            settled = [letter for number, letter in enumerate(letters) if begin + number not in left]
            await self._settle_letters(settled)
            if trial:
                await transaction.rollback()
        return done

    async def _add(self, batch: Batch) -> Imported:
        """The numbered steps are those of `transaction.py`."""
        connection, cities = self.connection, self.cities
        decoded, undecodable = self.decoder.decode(batch.records, cities)
        # 1.
        number = await offsets.move(connection, batch)
        if any(event.event.supersedesid for event in decoded):
            await _hold_partitions(connection, self.measures)
        # 2.
        stored_at = self.clock()
        known = await self._known(decoded)
        fresh, duplicate, refused = sort(decoded, known)
        await _bury(connection, fresh)
        settled = await corrections.settle(connection, fresh, IMPORTED)
        entered = await ledger.store(connection, settled.events, batch, number, stored_at)
        corrections.confirm(settled, entered.stored)
        # 3.
        folded = fold(unstamped(entered.new), self.compiled, cities, stored_at)
        await additions.add(connection, folded, IMPORTED, cities, stored_at, beside=entered.bodies)
        negative = await corrections.take_back(connection, settled, batch, self.decoder, self.compiled, cities)
        self._take_back_archived(settled, known, negative)
        for partition, taken in negative.items():
            await additions.add(connection, taken, partition, cities, stored_at)
        reported = observe(entered.stored, batch.records, stored_at) if entered.stored else None
        if reported:
            await devices.see(connection, Observed(reported.hours, ()), IMPORTED, stored_at)
        await archive_index.add_to(connection, _days_below(known.floors, entered.stored))
        # 4.
        rejected = [*undecodable, *refused, *settled.rejected, *entered.rejected]
        duplicate += settled.duplicate + entered.duplicate
        await offsets.book(
            connection,
            batch,
            stored=len(entered.stored),
            duplicate=duplicate,
            rejected=len(rejected),
            cities={event.identity.city for event in entered.stored},
        )
        return Imported(len(entered.stored), duplicate, rejected)

    async def _known(self, events: Sequence[Decoded]) -> Known:
        """What the archive says of these events, and of those they supersede."""
        standing = await floors.read(self.connection)
        asked: defaultdict[EventClass, set[EventKey]] = defaultdict(set)
        for event in events:
            for key in (event.key, target_of(event)):
                if key is not None and key.time < standing[event.event_class].dropped:
                    asked[event.event_class].add(key)
        found: dict[EventKey, tuple[int, StoredEvent]] = {}
        unknown: set[EventKey] = set()
        for event_class, keys in asked.items():
            archived = await archive_index.archived(self.connection, event_class)
            since = standing[event_class].first
            unknown |= {key for key in keys if key.time >= since and _day(key) not in archived}
            for day in sorted({_day(key) for key in keys}):
                files = await archive_index.files_of(self.connection, event_class, day)
                self.archive.require(event_class, day, files)
            found |= self.archive.find(event_class, keys)
        return Known(standing, found, unknown)

    def _take_back_archived(self, settled: Settled, known: Known, negative: dict[int, Folded]) -> None:
        """What superseded events had added that are in the archive only."""
        for target in settled.supersedes.keys() - set(settled.counted):
            if target in known.archived:
                _, found = known.archived[target]
                events, _ = self.decoder.decode([Record(0, found.body)], self.cities)
                counted = unstamped(events) if found.partition == IMPORTED else events
                taken = fold(counted, self.compiled, self.cities, found.stored_at, sign=-1)
                gather(negative.setdefault(found.partition, Folded({}, {}, {})), taken)

    async def _settle_letters(self, ids: Sequence[int]) -> None:
        if ids:
            done = sa.update(dead_letter).where(dead_letter.c.id.in_(ids))
            await self.connection.execute(done.values(replayed_at=self.clock()))


@dataclass(frozen=True, slots=True)
class Known:
    """What is to be known about events before the ledger is asked."""

    floors: Mapping[str, Floor]
    archived: Mapping[EventKey, tuple[int, StoredEvent]]
    unknown: set[EventKey]
    """Of days that left the ledger without an archive."""


def sort(events: Sequence[Decoded], known: Known) -> tuple[list[Decoded], int, list[Rejected]]:
    """The events that are not in the archive, how many are, and what can never be imported. Pure."""
    fresh: list[Decoded] = []
    rejected: list[Rejected] = []
    for event in events:
        content = known.archived.get(event.key, (None, None))[0]
        if event.key in known.unknown or target_of(event) in known.unknown:
            detail = "its day left the ledger without an archive, so nobody can tell whether it was counted"
            rejected.append(Rejected(event.offset, Reason.TOO_OLD, detail, event.body, event.identity))
        elif content is None:
            fresh.append(event)
        elif content != event.content_hash:
            rejected.append(ledger.conflict(event))
    return fresh, len(events) - len(fresh) - len(rejected), rejected


async def _bury(connection: AsyncConnection, events: Sequence[Decoded]) -> None:
    """Put the tombstones back that were dropped with their chunks, so that what is superseded stays so."""
    for event_class in sorted({event.event_class for event in events}):
        keys = [event.key for event in events if event.event_class == event_class]
        gone = await corrections.superseded(connection, event_class, keys)
        if gone:
            await tombstones.enter(connection, event_class, gone)


async def _hold_partitions(connection: AsyncConnection, measures: str) -> None:
    """Make the scorers wait: what they added may be taken back. ContendedError if they add by other measures."""
    c = consumer_offset.c
    order = (c.cluster, c.topic_id, c.partition)
    rows = await connection.execute(sa.select(c.measures).where(c.topic == EVENTS).order_by(*order).with_for_update())
    if any(row.measures not in ("", measures) for row in rows):
        raise ContendedError("the scorers follow other measures than this command")


def _day(key: EventKey) -> date:
    return key.time.astimezone(UTC).date()


def _days_below(standing: Mapping[str, Floor], events: Sequence[Decoded]) -> set[tuple[EventClass, date]]:
    return {
        (event.event_class, _day(event.key)) for event in events if event.key.time < standing[event.event_class].floor
    }
