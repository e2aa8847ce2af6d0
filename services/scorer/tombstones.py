"""Tombstones: rows of the ledger that hold the identity of a superseded event until it comes, in batch 0.

The ledger's unique index makes a correction and its original meet, whichever comes first and in whichever partition.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events.envelope import EventClass
from schemas.tables import ledgers
from services.scorer.types import EventKey

BATCH: Final = 0
"""No batch has this number."""
KEYS: Final = (
    sa.bindparam("id_hash", type_=ARRAY(sa.BigInteger())),
    sa.bindparam("time", type_=ARRAY(sa.DateTime(timezone=True))),
)


def columns(keys: Iterable[EventKey], prefix: str = "") -> dict[str, list[object]]:
    """The parameters of `KEYS`."""
    pairs = list(keys)
    return {f"{prefix}id_hash": [key.id_hash for key in pairs], f"{prefix}time": [key.time for key in pairs]}


def _enter(event_class: EventClass) -> sa.TextClause:
    return sa.text(f"""
        INSERT INTO ledger_{event_class} (time, id_hash, content_hash, batch, position)
        SELECT time, id_hash, 0, {BATCH}, 0 FROM unnest(:id_hash, :time) AS named(id_hash, time)
        ORDER BY time, id_hash ON CONFLICT DO NOTHING
    """).bindparams(*KEYS)  # noqa: S608  # the class's own table


def _read(event_class: EventClass) -> sa.TextClause:
    return sa.text(f"""
        SELECT id_hash, time, content_hash
        FROM unnest(:id_hash, :time) AS named(id_hash, time) JOIN ledger_{event_class} USING (id_hash, time)
        WHERE batch <> {BATCH} AND time BETWEEN :first AND :last
    """).bindparams(*KEYS)  # noqa: S608  # the class's own table


_ENTER: Final = {event_class: _enter(event_class) for event_class in ledgers}
_READ: Final = {event_class: _read(event_class) for event_class in ledgers}


async def enter(connection: AsyncConnection, event_class: EventClass, keys: Collection[EventKey]) -> list[EventKey]:
    """Hold these identities; returns those whose event is stored already, which need no tombstone.

    Waits for a transaction that is storing one of them at this moment.
    """
    await connection.execute(_ENTER[event_class], columns(keys))
    return list(await contents(connection, event_class, keys))


async def contents(
    connection: AsyncConnection, event_class: EventClass, keys: Collection[EventKey]
) -> dict[EventKey, int]:
    """Content hashes of those of these events that are stored."""
    times = [key.time for key in keys]
    where = {**columns(keys), "first": min(times), "last": max(times)}
    rows = await connection.execute(_READ[event_class], where)
    return {EventKey(row.id_hash, row.time): row.content_hash for row in rows}


async def fill(driver: Any, table: str) -> set[int]:
    """Put events of the temporary table `incoming` in the place of their tombstones; returns their positions."""
    filled = await driver.fetch(
        f"UPDATE {table} l SET content_hash = i.content_hash, batch = i.batch, position = i.position"  # noqa: S608
        f" FROM incoming i WHERE l.id_hash = i.id_hash AND l.time = i.time AND l.batch = {BATCH} RETURNING i.position"
    )
    return {row["position"] for row in filled}
