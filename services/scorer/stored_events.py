"""Reading the ledger back: single events by their key, and whole batches of a partition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events.envelope import EventClass
from schemas.tables import ledger_batches, ledgers
from services.scorer.bodies import unpack
from services.scorer.types import EventKey, Record

AT_ONCE: Final = 8
"""Batches read at once: some megabytes each when unpacked."""
EVENTS_AT_ONCE: Final = 10_000
"""Where small batches are read together."""


class StoredEvent(NamedTuple):
    """An event of the ledger."""

    event_class: EventClass
    partition: int
    stored_at: datetime
    body: bytes


class StoredBatch(NamedTuple):
    """What one transaction stored of one class."""

    id: int
    event_class: EventClass
    partition: int
    stored_at: datetime
    records: list[Record]
    """Bodies with their position in the batch as offset, so that `RecordDecoder` takes them."""


class Origin(NamedTuple):
    """Which records of Kafka a batch came from."""

    cluster: str
    topic_id: str
    first_offset: int
    last_offset: int


def _find(event_class: EventClass) -> sa.TextClause:
    # The outer bounds are constants to the planner, so that it leaves out chunks of other times.
    return sa.text(f"""
        SELECT l.batch, l.position, l.id_hash, l.time
        FROM unnest(:id_hash, :time) AS asked(id_hash, time) JOIN ledger_{event_class} l USING (id_hash, time)
        WHERE l.time BETWEEN :first AND :last ORDER BY l.batch
    """).bindparams(  # noqa: S608  # the class's own table
        sa.bindparam("id_hash", type_=ARRAY(sa.BigInteger())),
        sa.bindparam("time", type_=ARRAY(sa.DateTime(timezone=True))),
    )


_FIND: Final = {event_class: _find(event_class) for event_class in ledgers}


async def find(connection: AsyncConnection, keys: Collection[EventKey]) -> dict[EventKey, StoredEvent]:
    """Those of the events that are stored; a tombstone is none."""
    found: dict[EventKey, StoredEvent] = {}
    for event_class in ledgers if keys else ():
        times = [key.time for key in keys]
        asked = {"id_hash": [key.id_hash for key in keys], "time": times, "first": min(times), "last": max(times)}
        places: dict[int, dict[int, EventKey]] = {}
        for batch, position, id_hash, time in await connection.execute(_FIND[event_class], asked):
            places.setdefault(batch, {})[position] = EventKey(id_hash, time)
        async for read in _read(connection, event_class, list(places), min(times)):
            for position, body, _ in read.records:
                if key := places[read.id].get(position):
                    found[key] = StoredEvent(event_class, read.partition, read.stored_at, body)
    return found


async def batches(
    connection: AsyncConnection, partition: int, begin: datetime, end: datetime
) -> AsyncIterator[StoredBatch]:
    """The batches of a partition that hold events of begin <= time < end, and others beside them; oldest first."""
    for event_class, table in ledger_batches.items():
        c = table.c
        query = sa.select(c.id).where(c.partition == partition, c.last_time >= begin, c.first_time < end).order_by(c.id)
        ids = (await connection.scalars(query)).all()
        async for read in _read(connection, event_class, ids, begin):
            yield read


async def together(
    connection: AsyncConnection, event_class: EventClass, begin: datetime, end: datetime, after: int, through: int
) -> AsyncIterator[list[tuple[Origin, StoredBatch]]]:
    """All partitions' batches after < id <= through that hold events of begin <= time < end, several at once."""
    c = ledger_batches[event_class].c
    query = sa.select(c.id, c.count).where(c.last_time >= begin, c.first_time < end, c.id > after, c.id <= through)
    columns = sa.select(
        c.cluster, c.topic_id, c.first_offset, c.last_offset, c.id, c.partition, c.stored_at, c.bodies
    ).where(c.last_time >= begin)
    for ids in _groups((await connection.execute(query.order_by(c.id))).all()):
        rows = await connection.execute(columns.where(c.id.in_(ids)).order_by(c.id))
        yield [(Origin(*row[:4]), _batch(event_class, row)) for row in rows]


def _groups(batches: Iterable[Any]) -> Iterator[list[int]]:
    ids: list[int] = []
    events = 0
    for number, count in batches:
        ids.append(number)
        events += count
        if events >= EVENTS_AT_ONCE:
            yield ids
            ids, events = [], 0
    if ids:
        yield ids


def _batch(event_class: EventClass, row: Any) -> StoredBatch:
    records = [Record(position, body) for position, body in enumerate(unpack(row.bodies)) if body]
    return StoredBatch(row.id, event_class, row.partition, row.stored_at, records)


async def _read(
    connection: AsyncConnection, event_class: EventClass, ids: Sequence[int], since: datetime
) -> AsyncIterator[StoredBatch]:
    """Batches by id, in its order; their last events are not older than `since`."""
    c = ledger_batches[event_class].c
    columns = sa.select(c.id, c.partition, c.stored_at, c.bodies).where(c.last_time >= since).order_by(c.id)
    for begin in range(0, len(ids), AT_ONCE):
        rows = await connection.execute(columns.where(c.id.in_(ids[begin : begin + AT_ONCE])))
        for row in rows:
            yield _batch(event_class, row)
