"""Migrations against a real database: what is stored survives them, and they make what `schemas/tables` says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from deploy.migrations.run import config
from deploy.stack import Stack, postgres
from schemas import tables
from services.scorer import stored_events
from services.scorer.decoding import RecordDecoder
from services.scorer.stored_events import StoredEvent
from services.scorer.types import Decoded, Record
from tests.scorer.events import answered

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
async def empty(stack: Stack) -> AsyncIterator[AsyncConnection]:
    """An empty database of its own, gone at the end."""
    server = await postgres._connect(stack.ports, stack._passwords(), "postgres", stack.certs)
    await server.execute("DROP DATABASE IF EXISTS trial WITH (FORCE)")
    await server.execute(f"CREATE DATABASE trial OWNER {postgres.OWNER}")
    inside = await postgres._connect(stack.ports, stack._passwords(), "trial", stack.certs)
    await inside.execute("CREATE EXTENSION timescaledb")
    await inside.close()
    url = stack.env()["AHUAL_DATABASE_URL"].removesuffix(postgres.DATABASE) + "trial"
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()
        await server.execute("DROP DATABASE trial WITH (FORCE)")
        await server.close()


async def upgrade(connection: AsyncConnection, revision: str) -> None:
    def run(sync: sa.Connection) -> None:
        made = config()
        made.attributes["connection"] = sync
        command.upgrade(made, revision)

    await connection.run_sync(run)


async def test_they_make_what_the_tables_say(empty: AsyncConnection) -> None:
    await upgrade(empty, "head")

    def differences(sync: sa.Connection) -> list[Any]:
        return list(compare_metadata(MigrationContext.configure(sync), tables.metadata))

    assert await empty.run_sync(differences) == []


async def test_an_old_ledger_is_converted(empty: AsyncConnection) -> None:
    await upgrade(empty, "0002")
    times = [(NOW - timedelta(minutes=n)).isoformat() for n in range(30)]
    bodies = [answered(time, time, id=f"call-{n}") for n, time in enumerate(times)]
    events, _ = RecordDecoder().decode([Record(n, body) for n, body in enumerate(bodies)], {"karaganda"})
    rows = [_before(event, partition=number % 2, stored_at=_stored(number)) for number, event in enumerate(events)]
    await empty.execute(
        sa.text("""
            INSERT INTO ledger_department (time, id_hash, content_hash, city, partition, "offset", stored_at, body)
            VALUES (:time, :id_hash, :content_hash, :city, :partition, :offset, :stored_at, :body)
        """),
        rows,
    )
    await upgrade(empty, "head")
    found = await stored_events.find(empty, [event.key for event in events])
    assert found == {
        event.key: StoredEvent("department", number % 2, _stored(number), event.body)
        for number, event in enumerate(events)
    }
    read = [batch async for batch in stored_events.batches(empty, 1, NOW - timedelta(days=1), NOW)]
    assert [(batch.stored_at, len(batch.records)) for batch in read] == [(_stored(10 * n), 5) for n in range(3)]
    kept = await empty.execute(sa.text("SELECT content_hash FROM ledger_department ORDER BY time DESC"))
    assert [row.content_hash for row in kept] == [event.content_hash for event in events]


def _stored(number: int) -> datetime:
    return NOW + timedelta(seconds=number // 10)


def _before(event: Decoded, partition: int, stored_at: datetime) -> dict[str, object]:
    return {
        "time": event.key.time,
        "id_hash": event.key.id_hash,
        "content_hash": event.content_hash,
        "city": event.identity.city,
        "partition": partition,
        "offset": event.offset,
        "stored_at": stored_at,
        "body": event.body.decode(),
    }
