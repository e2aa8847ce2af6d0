"""The event ledger: what was stored before is a duplicate and counts nowhere.

Of every event there is a narrow row that its identity makes unique, and of every batch one row with the bodies.
Duplicates are rare, so a batch is copied straight into the ledger inside a savepoint; only when the unique index
objects does it go through a temporary table that tells old from new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.tables import ledger_batch_id, ledger_batches
from services.scorer import bodies, rows, tombstones
from services.scorer.types import Batch, Decoded, EventKey, Rejected

FLOOR_LOCK: Final = 0x4C454447
"""Advisory lock: shared by scorers for a batch, exclusive for whoever moves a floor."""


class Sorted(NamedTuple):
    """A batch after the ledger has seen it."""

    new: Sequence[Decoded]
    """Stored, and counts."""
    superseded: Sequence[Decoded]
    """Stored, but a correction that came before takes its place."""
    duplicate: int
    rejected: Sequence[Rejected]

    @property
    def stored(self) -> Sequence[Decoded]:
        """All that was stored, in the order of offsets."""
        if not self.superseded:
            return self.new
        return sorted((*self.new, *self.superseded), key=lambda event: event.offset)


class Met(NamedTuple):
    """What the first events of their identities met in the ledger."""

    new: Sequence[Decoded]
    superseded: Sequence[Decoded]
    there: Mapping[EventKey, int]
    """Content hash of those that were stored before."""


def conflict(event: Decoded) -> Rejected:
    """The same identity with other content: never silent, never counted."""
    detail = "an event with this source, id and time but other content is stored already: send it under a new id"
    return Rejected(event.offset, Reason.CONFLICT, detail, event.body, event.identity)


async def floors(connection: AsyncConnection) -> dict[str, datetime]:
    """The oldest event times that are still accepted, per event class; held until the transaction ends."""
    await connection.execute(sa.text("SELECT pg_advisory_xact_lock_shared(:lock)"), {"lock": FLOOR_LOCK})
    rows = await connection.execute(sa.text("SELECT event_class, floor FROM ledger_floor"))
    return {row.event_class: row.floor for row in rows}


async def store(connection: AsyncConnection, events: Sequence[Decoded], batch: Batch, stored_at: datetime) -> Sorted:
    """Insert what is new; tell apart what was there already and what contradicts it.

    The caller's transaction must have begun with a statement of its own: COPY goes through the driver.
    """
    first: dict[EventKey, Decoded] = {}
    for event in events:
        first.setdefault(event.key, event)
    new: list[Decoded] = []
    superseded: list[Decoded] = []
    there: dict[EventKey, int] = {}
    for event_class in sorted({event.event_class for event in first.values()}):
        of_class = [event for event in first.values() if event.event_class == event_class]
        met = await _store_class(connection, event_class, of_class, batch, stored_at)
        new += met.new
        superseded += met.superseded
        there |= met.there
    rejected = [] if len(new) == len(events) else list(contradictions(events, first, there))
    return Sorted(new, superseded, len(events) - len(new) - len(superseded) - len(rejected), rejected)


def contradictions(
    events: Iterable[Decoded], first: Mapping[EventKey, Decoded], there: Mapping[EventKey, int]
) -> Iterator[Rejected]:
    """Events whose identity has other content: in the ledger, else in the first of the batch."""
    for event in events:
        known = there.get(event.key)
        if (first[event.key].content_hash if known is None else known) != event.content_hash:
            yield conflict(event)


async def _store_class(
    connection: AsyncConnection, event_class: EventClass, events: Sequence[Decoded], batch: Batch, at: datetime
) -> Met:
    number = int((await connection.execute(sa.select(ledger_batch_id.next_value()))).scalar_one())
    driver: Any = (await connection.get_raw_connection()).driver_connection
    met = await _enter(driver, f"ledger_{event_class}", events, number)
    stored = [*met.new, *met.superseded]
    if stored:
        kept = {event.offset for event in stored}
        row = {
            "id": number,
            "cluster": batch.cluster,
            "topic_id": batch.topic_id,
            "partition": batch.partition,
            "first_offset": batch.begin,
            "last_offset": batch.end - 1,
            "stored_at": at,
            "first_time": min(event.key.time for event in stored),
            "last_time": max(event.key.time for event in stored),
            "count": len(stored),
            "bodies": bodies.pack(event.body if event.offset in kept else b"" for event in events),
        }
        await connection.execute(insert(ledger_batches[event_class]).values(row))
    return met


async def _enter(driver: Any, table: str, events: Sequence[Decoded], number: int) -> Met:
    encoded = memoryview(rows.encode(events, number))  # asyncpg takes bytes for a path
    await driver.execute("SAVEPOINT straight")
    try:
        await driver.copy_to_table(table, source=encoded, columns=rows.COLUMNS, format="binary")
    except asyncpg.UniqueViolationError:
        await driver.execute("ROLLBACK TO SAVEPOINT straight")
    else:
        await driver.execute("RELEASE SAVEPOINT straight")
        return Met(events, (), {})
    await driver.execute(f"CREATE TEMP TABLE incoming (LIKE {table}) ON COMMIT DROP")  # our own name
    await driver.copy_to_table("incoming", source=encoded, columns=rows.COLUMNS, format="binary")
    return await _tell_apart(driver, table, events, number)


async def _tell_apart(driver: Any, table: str, events: Sequence[Decoded], number: int) -> Met:
    columns = ", ".join(rows.COLUMNS)
    inserted = await driver.fetch(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming"  # noqa: S608  # our own names
        " ON CONFLICT DO NOTHING RETURNING position"
    )
    filled = await tombstones.fill(driver, table)
    there = await driver.fetch(
        f"SELECT i.position, l.content_hash FROM incoming i JOIN {table} l"  # noqa: S608
        " USING (id_hash, time) WHERE l.batch <> $1",
        number,
    )
    await driver.execute("DROP TABLE incoming")
    return Met(
        [events[row["position"]] for row in inserted],
        [events[position] for position in sorted(filled)],
        {events[row["position"]].key: row["content_hash"] for row in there},
    )
