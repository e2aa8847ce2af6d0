"""Notices go on after the connection was lost, and the reader is told that some may be missing."""

from __future__ import annotations

import asyncio

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.database import listen
from tests.waiting import eventually

CHANNEL = "ahual_test"
LISTENERS = sa.text("SELECT pid FROM pg_stat_activity WHERE query ILIKE :query AND pid <> pg_backend_pid()")


async def notify(engine: AsyncEngine, payload: str) -> None:
    async with engine.begin() as connection:
        await connection.execute(sa.select(sa.func.pg_notify(CHANNEL, payload)))


async def listeners(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(LISTENERS, {"query": f'LISTEN "{CHANNEL}"%'})).scalars())


async def test_notices_come_in_order(database: AsyncEngine, database_url: SecretStr) -> None:
    async with listen(database_url, CHANNEL) as notices:
        assert await asyncio.wait_for(notices.get(), 5) == ""
        for payload in ("almaty:1", "almaty:2"):
            await notify(database, payload)
        assert [await asyncio.wait_for(notices.get(), 5) for _ in range(2)] == ["almaty:1", "almaty:2"]


async def test_a_lost_connection_comes_back_and_says_so(database: AsyncEngine, database_url: SecretStr) -> None:
    async with listen(database_url, CHANNEL) as notices:
        assert await asyncio.wait_for(notices.get(), 5) == ""
        [lost] = await listeners(database)
        async with database.connect() as connection:
            assert await connection.scalar(sa.select(sa.func.pg_terminate_backend(lost)))
        await notify(database, "nobody hears this one")
        # The connection finds out at its next sign of life, then "" tells the reader to look for itself.
        assert await asyncio.wait_for(notices.get(), 20) == ""
        [fresh] = await listeners(database)
        assert fresh != lost
        await notify(database, "almaty:3")
        assert await asyncio.wait_for(notices.get(), 5) == "almaty:3"


async def test_the_connection_ends_with_the_block(database: AsyncEngine, database_url: SecretStr) -> None:
    async with listen(database_url, CHANNEL) as notices:
        await asyncio.wait_for(notices.get(), 5)

    async def ended() -> bool:
        return not await listeners(database)

    await eventually(ended)
