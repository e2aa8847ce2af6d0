"""What no job can beat here: a consumer that only counts, and COPY that only stores."""

from __future__ import annotations

import io
import struct
import time
from collections.abc import Iterator
from typing import Any, Final

import asyncpg
from aiokafka import AIOKafkaConsumer
from sqlalchemy.engine import make_url

from deploy.stack import Stack
from schemas.tables import ledger_batches, ledgers
from schemas.topics import EVENTS
from tests.bench.backlog import Backlog
from tests.bench.processes import measured
from tests.bench.stacks import database_of
from tests.bench.tables import table

BATCH: Final = 5000
HEADER: Final = 19
"""Bytes before the first row of PostgreSQL's binary COPY."""
END: Final = struct.pack("!h", -1)


async def measure(stack: Stack, sent: Backlog) -> str:
    """Both floors; the ledger must be full of the backlog."""
    rows = [await _consume(stack, sent), await _copy(stack, sent)]
    columns = ("floor", "events/s", "own cores", "own µs/event", "server cores", "server µs/event")
    return table("Floors", columns, rows)


async def _consume(stack: Stack, sent: Backlog) -> tuple[object, ...]:
    """aiokafka, no group, nothing parsed."""
    consumer = AIOKafkaConsumer(
        EVENTS,
        bootstrap_servers=stack.kafka_bootstrap,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4_194_304,
    )
    await consumer.start()
    try:
        with measured(stack) as usage:
            began, count = time.monotonic(), 0
            while count < sent.records:
                polled = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
                count += sum(map(len, polled.values()))
            took = time.monotonic() - began
            usage.mark()
    finally:
        await consumer.stop()
    return _row("aiokafka consumer that only counts", count / took, usage.cpu["generator"], usage.cpu["kafka"])


async def _copy(stack: Stack, sent: Backlog) -> tuple[object, ...]:
    """The ledger's own rows and bodies, prepared as bytes, into empty tables of their form, a transaction per batch."""
    url = make_url(database_of(stack).get_secret_value()).set(drivername="postgresql")
    connection = await asyncpg.connect(url.render_as_string(hide_password=False))
    try:
        batches = [
            *await _prepared(connection, ledgers["department"].name, "time", BATCH),
            *await _prepared(connection, ledger_batches["department"].name, "last_time", 1),
        ]
        with measured(stack) as usage:
            began = time.monotonic()
            for table_name, batch in batches:
                await connection.copy_to_table(table_name, source=io.BytesIO(batch), format="binary")
            took = time.monotonic() - began
            usage.mark()
        rows = await connection.fetchval(f"SELECT count(*) FROM {batches[0][0]}")  # noqa: S608
        assert rows == sent.order.events, rows
    finally:
        await connection.close()
    return _row("COPY into the ledger's form", rows / took, usage.cpu["generator"], usage.cpu["postgres"])


async def _prepared(connection: Any, name: str, time_column: str, rows: int) -> list[tuple[str, bytes]]:
    """An empty table like `name`, and its rows as streams of `rows` each."""
    copy = f"bench_{name}"
    await connection.execute(f"CREATE TABLE {copy} (LIKE {name} INCLUDING INDEXES INCLUDING STORAGE)")
    await connection.execute(
        "SELECT create_hypertable($1::regclass, $2::name, create_default_indexes => false)", copy, time_column
    )
    stored = io.BytesIO()
    await connection.copy_from_query(f"SELECT * FROM {name}", output=stored, format="binary")  # noqa: S608
    return [(copy, batch) for batch in _batches(stored.getvalue(), rows)]


def _batches(stored: bytes, each: int) -> Iterator[bytes]:
    """One COPY stream cut into streams of so many rows."""
    header, at, begin, rows = stored[:HEADER], HEADER, HEADER, 0
    while (fields := struct.unpack_from("!h", stored, at)[0]) != -1:
        at += 2
        for _ in range(fields):
            at += 4 + max(0, struct.unpack_from("!i", stored, at)[0])
        rows += 1
        if rows % each == 0:
            yield header + stored[begin:at] + END
            begin = at
    if begin < at:
        yield header + stored[begin:at] + END


def _row(name: str, rate: float, own: float, server: float) -> tuple[object, ...]:
    return name, round(rate), own, 1e6 * own / rate, server, 1e6 * server / rate
