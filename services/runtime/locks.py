"""One writer per city, across processes: advisory locks of PostgreSQL, released by themselves when a process dies."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

_LOCK: Final = sa.text("SELECT pg_advisory_lock(:lock, hashtext(:city))")
_TRY: Final = sa.text("SELECT pg_try_advisory_lock(:lock, hashtext(:city))")
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
