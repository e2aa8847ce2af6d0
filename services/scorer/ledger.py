"""The event ledger: what was stored before is a duplicate and counts nowhere.

Duplicates are rare, so a batch is copied straight into the ledger inside a savepoint; only when the unique index
objects does it go through a temporary table that tells old from new.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from services.scorer.types import Decoded, EventKey, Rejected

COLUMNS: Final = ("time", "id_hash", "content_hash", "city", "partition", "offset", "stored_at", "body")
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


async def store(connection: AsyncConnection, events: Sequence[Decoded], partition: int, stored_at: datetime) -> Sorted:
    """Insert what is new; tell apart what was there already and what contradicts it.

    The caller's transaction must have begun with a statement of its own: COPY goes through the driver.
    """
    result = first_of_each(events)
    for event_class in sorted({event.event_class for event in result.new}):
        batch = [event for event in result.new if event.event_class == event_class]
        stored = await _store_class(connection, event_class, batch, partition, stored_at)
        other = [event for event in result.new if event.event_class != event_class]
        result = Sorted(
            [*other, *stored.new], result.duplicate + stored.duplicate, [*result.rejected, *stored.rejected]
        )
    return result


async def _store_class(
    connection: AsyncConnection, event_class: EventClass, events: Sequence[Decoded], partition: int, at: datetime
) -> Sorted:
    driver: Any = (await connection.get_raw_connection()).driver_connection
    table = f"ledger_{event_class}"
    rows = [
        (e.key.time, e.key.id_hash, e.content_hash, e.identity.city, partition, e.offset, at, e.body.decode())
        for e in events
    ]
    await driver.execute("SAVEPOINT straight")
    try:
        await driver.copy_records_to_table(table, records=rows, columns=COLUMNS)
    except asyncpg.UniqueViolationError:
        await driver.execute("ROLLBACK TO SAVEPOINT straight")
        return await _store_with_duplicates(driver, table, events, rows)
    await driver.execute("RELEASE SAVEPOINT straight")
    return Sorted(events, 0, ())


async def _store_with_duplicates(driver: Any, table: str, events: Sequence[Decoded], rows: list[Any]) -> Sorted:
    await driver.execute(f"CREATE TEMP TABLE incoming (LIKE {table}) ON COMMIT DROP")  # our own name
    await driver.copy_records_to_table("incoming", records=rows, columns=COLUMNS)
    inserted = await driver.fetch(
        f"INSERT INTO {table} SELECT * FROM incoming ON CONFLICT DO NOTHING RETURNING id_hash, time"  # noqa: S608
    )
    new = {EventKey(row["id_hash"], row["time"]) for row in inserted}
    there = await driver.fetch(
        f"SELECT l.id_hash, l.time, l.content_hash FROM incoming i JOIN {table} l USING (id_hash, time)"  # noqa: S608
    )
    await driver.execute("DROP TABLE incoming")
    content = {EventKey(row["id_hash"], row["time"]): row["content_hash"] for row in there}
    old = [event for event in events if event.key not in new]
    conflicting = [event for event in old if content[event.key] != event.content_hash]
    return Sorted(
        [event for event in events if event.key in new],
        len(old) - len(conflicting),
        [conflict(event) for event in conflicting],
    )
