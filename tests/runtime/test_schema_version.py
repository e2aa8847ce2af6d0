"""A service waits for the schema it knows, and says what is to be done."""

from __future__ import annotations

import asyncio
import logging

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.migrations.run import head
from schemas.tables import REVISION
from services.runtime.schema_version import revision, wait_for_schema


def test_the_tables_name_the_newest_migration() -> None:
    assert head() == REVISION


@pytest.mark.stack
@pytest.mark.parametrize(("found", "remedy"), [("0001", "ahual migrate"), ("9999", "install the newer release")])
async def test_it_waits_until_the_schema_is_right(
    database: AsyncEngine, caplog: pytest.LogCaptureFixture, found: str, remedy: str
) -> None:
    async def put(version: str) -> None:
        async with database.begin() as connection:
            await connection.execute(sa.text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    await put(found)
    try:
        with caplog.at_level(logging.WARNING):
            waiting = asyncio.create_task(wait_for_schema(database, asyncio.Event()))
            await asyncio.sleep(0.5)
        assert not waiting.done()
        assert remedy in caplog.text
    finally:
        await put(REVISION)
    await asyncio.wait_for(waiting, 10)
    assert await revision(database) == REVISION


@pytest.mark.stack
async def test_a_service_told_to_stop_waits_no_longer(database: AsyncEngine) -> None:
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(wait_for_schema(database, stop), 1)
