"""The event ledger: what was stored before is a duplicate and counts nowhere.

Of every event there is a narrow row that its identity makes unique, and of every batch one row with the bodies.
Duplicates are rare, so a batch is copied straight into the ledger; only when the unique index objects does its
transaction begin anew, and goes through a temporary table that tells old from new.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from services.scorer import bodies, rows, tombstones
from services.scorer.errors import KnownEventsError
from services.scorer.types import Batch, Decoded, EventKey, Rejected
from services.scorer.writes import Bound, Write


class Sorted(NamedTuple):
    """A batch after the ledger has seen it."""

    new: Sequence[Decoded]
    """Stored, and counts."""
    superseded: Sequence[Decoded]
    """Stored, but a correction that came before takes its place."""
    duplicate: int
    rejected: Sequence[Rejected]
    bodies: Sequence[Bound]
    """Still to be written, in the same transaction."""

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
    """The oldest event times that are still accepted, per event class; `offsets.move` holds them where they are."""
    rows = await connection.execute(sa.text("SELECT event_class, floor FROM ledger_floor"))
    return {row.event_class: row.floor for row in rows}


async def store(
    connection: AsyncConnection,
    events: Sequence[Decoded],
    batch: Batch,
    number: int,
    stored_at: datetime,
    *,
    straight: bool = False,
) -> Sorted:
    """Enter what is new under the batch's number; tell apart what was there already and what contradicts it.

    `straight` is the fast way, for batches without known events: KnownEventsError when there is one, which leaves the
    transaction unusable. The caller's transaction must have begun with a statement of its own: COPY goes through the
    driver.
    """
    driver: Any = (await connection.get_raw_connection()).driver_connection
    new: list[Decoded] = []
    superseded: list[Decoded] = []
    there: dict[EventKey, int] = {}
    written: list[Bound] = []
    first = first_of_each(events)
    for event_class, of_class in _by_class(first).items():
        met = await _enter(driver, f"ledger_{event_class}", of_class, number, straight=straight)
        new += met.new
        superseded += met.superseded
        there |= met.there
        written.append(_bodies(event_class, of_class, met, batch, number, stored_at))
    rejected = [] if len(new) == len(events) else list(contradictions(events, first, there))
    duplicate = len(events) - len(new) - len(superseded) - len(rejected)
    return Sorted(new, superseded, duplicate, rejected, written)


def first_of_each(events: Sequence[Decoded]) -> Sequence[Decoded]:
    """The events without those that share an identity with an earlier one."""
    if len({event.key.id_hash for event in events}) == len(events):
        return events
    first: dict[EventKey, Decoded] = {}
    for event in events:
        first.setdefault(event.key, event)
    return list(first.values())


def contradictions(
    events: Iterable[Decoded], first: Iterable[Decoded], there: Mapping[EventKey, int]
) -> Iterator[Rejected]:
    """Events whose identity has other content: in the ledger, else in the first of the batch."""
    contents = {event.key: event.content_hash for event in first} | dict(there)
    for event in events:
        if contents[event.key] != event.content_hash:
            yield conflict(event)


def _by_class(events: Sequence[Decoded]) -> dict[EventClass, Sequence[Decoded]]:
    classes = {event.event_class for event in events}
    if len(classes) == 1:
        return {classes.pop(): events}
    return {found: [event for event in events if event.event_class == found] for found in sorted(classes)}


def _batch(event_class: EventClass) -> Write:
    name = f"ledger_batch_{event_class}"
    table = tables.ledger_batches[event_class]
    columns = {column.name: column.type for column in table.c if column.name != "partition"}
    names = ", ".join(columns)
    return Write(
        name,
        columns,
        f"INSERT INTO {name} ({names}, partition) SELECT {names}, :partition FROM"  # noqa: S608  # our own names
        f" unnest({', '.join(f':{name}_{column}' for column in columns)}) AS added({names})",
    )


_BATCH: Final[dict[EventClass, Write]] = {event_class: _batch(event_class) for event_class in tables.ledger_batches}


def _bodies(
    event_class: EventClass, entered: Sequence[Decoded], met: Met, batch: Batch, number: int, stored_at: datetime
) -> Bound:
    stored = [*met.new, *met.superseded]
    if not stored:
        return _BATCH[event_class].of(())
    if len(stored) == len(entered):
        lines = [event.body for event in entered]
    else:
        kept = {event.offset for event in stored}
        lines = [event.body if event.offset in kept else b"" for event in entered]
    times = [event.key.time for event in stored]
    origin = (number, batch.cluster, batch.topic_id, batch.begin, batch.end - 1)
    return _BATCH[event_class].of([(*origin, stored_at, min(times), max(times), len(stored), bodies.pack(lines))])


async def _enter(driver: Any, table: str, events: Sequence[Decoded], number: int, *, straight: bool) -> Met:
    encoded = memoryview(rows.encode(events, number))  # asyncpg takes bytes for a path
    if straight:
        try:
            await driver.copy_to_table(table, source=encoded, columns=rows.COLUMNS, format="binary")
        except asyncpg.UniqueViolationError as error:
            raise KnownEventsError(table) from error
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
        [events[position] for position in sorted(row["position"] for row in inserted)],
        [events[position] for position in sorted(filled)],
        {events[row["position"]].key: row["content_hash"] for row in there},
    )
