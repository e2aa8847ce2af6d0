"""The event ledger: what was stored before is a duplicate and counts nowhere.

Of every event there is a narrow row that its identity makes unique, and of every batch one row with the bodies.
Duplicates are rare, so a batch is copied straight into the ledger inside a savepoint; only when the unique index
objects does it go through a temporary table that tells old from new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.tables import ledger_batch_id, ledger_batches
from services.scorer import bodies, rows
from services.scorer.types import Batch, Decoded, EventKey, Rejected

FLOOR_LOCK: Final = 0x4C454447
"""Advisory lock: shared by scorers for a batch, exclusive for whoever moves a floor."""


class Sorted(NamedTuple):
    """A batch after the ledger has seen it."""

    new: Sequence[Decoded]
    duplicate: int
    rejected: Sequence[Rejected]


def first_of_each(events: Iterable[Decoded]) -> Sorted:
    """Duplicates and conflicts inside the batch itself."""
    first: dict[EventKey, Decoded] = {}
    duplicate = 0
    rejected: list[Rejected] = []
    for event in events:
        known = first.setdefault(event.key, event)
        if known is event:
            continue
        if known.content_hash == event.content_hash:
            duplicate += 1
        else:
            rejected.append(conflict(event))
    return Sorted(list(first.values()), duplicate, rejected)


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
    result = first_of_each(events)
    for event_class in sorted({event.event_class for event in result.new}):
        of_class = [event for event in result.new if event.event_class == event_class]
        stored = await _store_class(connection, event_class, of_class, batch, stored_at)
        other = [event for event in result.new if event.event_class != event_class]
        result = Sorted(
            [*other, *stored.new], result.duplicate + stored.duplicate, [*result.rejected, *stored.rejected]
        )
    return result


async def _store_class(
    connection: AsyncConnection, event_class: EventClass, events: Sequence[Decoded], batch: Batch, at: datetime
) -> Sorted:
    number = int((await connection.execute(sa.select(ledger_batch_id.next_value()))).scalar_one())
    driver: Any = (await connection.get_raw_connection()).driver_connection
    stored = await _enter(driver, f"ledger_{event_class}", events, number)
    if stored.new:
        kept = {event.offset for event in stored.new}
        row = {
            "id": number,
            "cluster": batch.cluster,
            "topic_id": batch.topic_id,
            "partition": batch.partition,
            "first_offset": batch.begin,
            "last_offset": batch.end - 1,
            "stored_at": at,
            "first_time": min(event.key.time for event in stored.new),
            "last_time": max(event.key.time for event in stored.new),
            "count": len(stored.new),
            "bodies": bodies.pack(event.body if event.offset in kept else b"" for event in events),
        }
        await connection.execute(insert(ledger_batches[event_class]).values(row))
    return stored


async def _enter(driver: Any, table: str, events: Sequence[Decoded], number: int) -> Sorted:
    encoded = memoryview(rows.encode(events, number))  # asyncpg takes bytes for a path
    await driver.execute("SAVEPOINT straight")
    try:
        await driver.copy_to_table(table, source=encoded, columns=rows.COLUMNS, format="binary")
    except asyncpg.UniqueViolationError:
        await driver.execute("ROLLBACK TO SAVEPOINT straight")
    else:
        await driver.execute("RELEASE SAVEPOINT straight")
        return Sorted(events, 0, ())
    await driver.execute(f"CREATE TEMP TABLE incoming (LIKE {table}) ON COMMIT DROP")  # our own name
    await driver.copy_to_table("incoming", source=encoded, columns=rows.COLUMNS, format="binary")
    return await _tell_apart(driver, table, events, number)


async def _tell_apart(driver: Any, table: str, events: Sequence[Decoded], number: int) -> Sorted:
    columns = ", ".join(rows.COLUMNS)
    inserted = await driver.fetch(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming"  # noqa: S608  # our own names
        " ON CONFLICT DO NOTHING RETURNING position"
    )
    there = await driver.fetch(
        f"SELECT i.position, l.content_hash = i.content_hash AS same FROM incoming i JOIN {table} l"  # noqa: S608
        " USING (id_hash, time) WHERE l.batch <> $1",
        number,
    )
    await driver.execute("DROP TABLE incoming")
    conflicting = [events[row["position"]] for row in there if not row["same"]]
    return Sorted(
        [events[row["position"]] for row in inserted],
        len(there) - len(conflicting),
        [conflict(event) for event in conflicting],
    )
