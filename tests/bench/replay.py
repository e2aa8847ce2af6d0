"""From a backlog in Kafka to committed state: how fast, at whose cost, and whether it is right."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Program, Stack
from schemas import tables
from schemas.topics import EVENTS
from services.runtime.database import open_database
from tests.bench import backlog
from tests.bench.backlog import Backlog, Order
from tests.bench.profile import profiled, tables_of
from tests.bench.progress import Run, follow
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, database_of, empty, register
from tests.bench.tables import table

COLUMNS: Final = (
    *("scorers", "events", "bytes each", "seconds", "events/s", "per scorer core"),
    *("scorer cores", "PostgreSQL cores", "Kafka cores", "scorer µs/event", "PostgreSQL µs/event", "scorer peak MiB"),
)


def measure(asked: argparse.Namespace) -> None:
    """One scorer, two scorers, and one with everything that live events carry."""
    rows: list[tuple[object, ...]] = []
    for size in asked.sizes:
        with bench_stack() as stack:
            order = Order(asked.events, hours=asked.hours, duplicates=asked.duplicates, size=size)
            sent = prepare(stack, order)
            for scorers in asked.scorers:
                run = asyncio.run(replay(stack, sent, scorers))
                rows.append(_row(sent, scorers, run))
                if asked.memory:
                    say(_memory_table(scorers, run))
            if asked.profile:
                say(asyncio.run(profile(stack, sent)))
    say(table("Replay from Kafka to committed state, ledger included", COLUMNS, rows))


def prepare(stack: Stack, order: Order) -> Backlog:
    """Cities and a backlog."""
    register(stack, order.cities)
    sent = asyncio.run(backlog.produce(stack, order))
    tell(f"{sent.records:,} records ({sent.duplicates:,} repeated) in Kafka after {sent.seconds:.0f} s")
    return sent


async def replay(stack: Stack, sent: Backlog, scorers: int, env: dict[str, str] | None = None) -> Run:
    """Empty the database, start the scorers, wait until they have everything; AssertionError when it is not right."""
    await empty(stack)
    names = tuple(f"scorer-{number}" for number in range(1, scorers + 1))
    async with reading(stack) as engine:
        with running(stack, names, env or {}):
            run = await follow(stack, passed(engine), sent.records, names)
        await check(engine, sent)
    tell(f"{scorers} scorer(s): {run.rate:,.0f} events/s")
    return run


async def profile(stack: Stack, sent: Backlog) -> str:
    """One more run, watched by py-spy, which slows it down a little."""
    await empty(stack)
    async with reading(stack) as engine:
        with running(stack, ("scorer-1",), {}), profiled(stack, "scorer-1") as samples:
            await follow(stack, passed(engine), sent.records, ())
    return tables_of(samples)


@asynccontextmanager
async def reading(stack: Stack) -> AsyncIterator[AsyncEngine]:
    """A connection for looking on."""
    engine = open_database(database_of(stack), application="bench")
    try:
        yield engine
    finally:
        await engine.dispose()


@contextmanager
def running(stack: Stack, names: tuple[str, ...], env: dict[str, str]) -> Iterator[None]:
    """Scorers of one group."""
    argv = (str(Path(sys.executable).parent / "ahual"), "scorer")
    try:
        for number, name in enumerate(names):
            port = str(stack.ports.metrics_scorer + number)
            own = {"AHUAL_SCORER_INSTANCE": name, "AHUAL_SCORER_METRICS_PORT": port}
            stack.start(Program(name=name, argv=argv, env=own | env))
        yield
    finally:
        for name in names:
            stack.stop(name)


def passed(engine: AsyncEngine) -> Callable[[], Awaitable[int]]:
    """Records of the events topic that are behind the stored offsets."""
    offsets = tables.consumer_offset.c
    query = sa.select(sa.func.coalesce(sa.func.sum(offsets.next_offset - offsets.first_offset), 0))

    async def read() -> int:
        async with engine.connect() as connection:
            return int(await connection.scalar(query.where(offsets.topic == EVENTS)) or 0)

    return read


async def check(engine: AsyncEngine, sent: Backlog) -> None:
    """Every event once: offsets, ledger, and the sums of KPIs 1.8 and 2.1."""
    day, total = tables.parts["day"].c, sent.total
    sums = sa.func.sum(day.numerator), sa.func.sum(day.denominator)
    async with engine.connect() as connection:
        offsets = tables.consumer_offset.c
        outcome = sa.select(*map(sa.func.sum, (offsets.stored, offsets.duplicate, offsets.rejected)))
        stored = tuple(map(int, (await connection.execute(outcome.where(offsets.topic == EVENTS))).one()))
        assert stored == (sent.order.events, sent.duplicates, 0), stored
        rows = await connection.scalar(sa.select(sa.func.count()).select_from(tables.ledgers["department"]))
        assert rows == sent.order.events, rows
        share = tuple((await connection.execute(sa.select(*sums).where(day.kpi == "1.8"))).one())
        assert share == (total.in_time, total.offered), share
        mean = tuple((await connection.execute(sa.select(*sums).where(day.kpi == "2.1"))).one())
        assert mean == (total.wait_ms, total.answered), mean


def _row(sent: Backlog, scorers: int, run: Run) -> tuple[object, ...]:
    names = [name for name in run.usage.cpu if name.startswith("scorer-")]
    cores = sum(run.usage.cpu[name] for name in names)
    peak = max(run.usage.peak[name] for name in names)
    return (
        *(scorers, sent.order.events, sent.size_bytes // sent.records, run.seconds, round(run.rate)),
        *(round(run.rate / cores), cores, run.usage.cpu["postgres"], run.usage.cpu["kafka"]),
        *(run.cpu_us(*names), run.cpu_us("postgres"), round(peak)),
    )


def _memory_table(scorers: int, run: Run) -> str:
    """Ten of the samples."""
    chosen = run.samples[:: max(1, len(run.samples) // 10)]
    names = sorted(chosen[0][1]) if chosen else []
    rows = [(done, *(round(memory[name]) for name in names)) for done, memory in chosen]
    return table(f"Resident memory during the replay, MiB ({scorers} scorer(s))", ("records", *names), rows)
