"""One writer per city, across processes: advisory locks of PostgreSQL, released by themselves when a process dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_LOCK: Final = sa.text("SELECT pg_advisory_lock(:lock, hashtext(:city))")
_TRY: Final = sa.text("SELECT pg_try_advisory_lock(:lock, hashtext(:city))")
_HOLDER: Final = sa.text("""
    SELECT a.pid, a.application_name AS application, host(a.client_addr) AS address, a.state_change AS silent_since
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2 AND l.classid::bigint = :lock
      AND l.objid::bigint = hashtext(:city)::bigint & 4294967295
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")
_UNLOCK: Final = sa.text("SELECT pg_advisory_unlock(:lock, hashtext(:city))")


@asynccontextmanager
async def sole(engine: AsyncEngine, lock: int, city: str) -> AsyncIterator[AsyncConnection]:
    """A connection that holds the city's lock; waits for it.

    The lock is the session's, not a transaction's: a repeatable-read snapshot taken while waiting for the lock would
    not see what the previous writer saw.
    """
    key = {"lock": lock, "city": city}
    async with engine.connect() as connection:
        await connection.execute(_LOCK, key)
        await connection.commit()
        try:
            yield connection
        finally:
            await _release(connection, key)


@asynccontextmanager
async def sole_or_none(engine: AsyncEngine, lock: int, city: str) -> AsyncIterator[AsyncConnection | None]:
    """The same without waiting: None when somebody else holds it."""
    key = {"lock": lock, "city": city}
    async with engine.connect() as connection:
        mine = (await connection.execute(_TRY, key)).scalar_one()
        await connection.commit()
        if not mine:
            yield None
            return
        try:
            yield connection
        finally:
            await _release(connection, key)


class Holder(NamedTuple):
    """The database session that holds a lock; what its role may not show is None."""

    pid: int
    application: str | None
    address: str | None
    silent_since: datetime | None
    """When it last asked for something, or was answered."""


async def holder(engine: AsyncEngine, lock: int, city: str) -> Holder | None:
    """Who holds the city's lock; None when it is free by now."""
    async with engine.connect() as connection:
        row = (await connection.execute(_HOLDER, {"lock": lock, "city": city})).one_or_none()
    return None if row is None else Holder(*row)


@asynccontextmanager
async def snapshot(connection: AsyncConnection) -> AsyncIterator[None]:
    """A repeatable-read transaction: everything read in it is of one moment."""
    try:
        await connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
        yield
        await connection.commit()
    finally:
        await connection.rollback()


async def _release(connection: AsyncConnection, key: dict[str, object]) -> None:
    await connection.rollback()
    if connection.invalidated:  # the lock went with the session; asking on would open another one
        return
    await connection.execute(_UNLOCK, key)
    await connection.commit()
