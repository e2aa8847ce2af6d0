"""The same job in other Python stream processors and in ours, on the same backlog, one after the other."""

from __future__ import annotations

import argparse
import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Program, Stack
from deploy.stack.stack import SERVERS
from schemas import tables
from tests.bench import floor, replay, venvs
from tests.bench.backlog import Backlog, Order
from tests.bench.frameworks import FRAMEWORKS, Framework
from tests.bench.progress import Run, follow
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, database_of
from tests.bench.stencil import Call
from tests.bench.tables import table

RESULT: Final = sa.Table(
    "bench_result",
    sa.MetaData(),
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("minute", sa.DateTime(timezone=True), primary_key=True),
    *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("events", *Call._fields)),
)
COLUMNS: Final = (
    *("what", "version", "events/s", "per core of its own", "cores", "PostgreSQL cores", "Kafka cores"),
    *("µs/event", "peak MiB", "events done", "result", "promise"),
)
OURS: Final = (
    "exactly once in effect, whatever dies: offset, ledger and sums in one transaction; 400 days of identities"
)


def measure(asked: argparse.Namespace) -> None:
    """Floors, ours, the others, ours again."""
    chosen = [framework for framework in FRAMEWORKS if framework.folder in asked.frameworks]
    pythons = {framework: venvs.python_of(framework.folder) for framework in chosen}
    with bench_stack() as stack:
        sent = replay.prepare(stack, Order(asked.compared, hours=asked.hours, duplicates=asked.duplicates))
        rows = [
            _row(f"Ahual: all of its {_kpis()} KPIs and the ledger", version("ahual"), sent, *_ours(stack, sent), OURS)
        ]
        for framework, python in pythons.items():
            run, right = _theirs(stack, sent, framework, python)
            rows.append(
                _row(framework.package, venvs.version(python, framework.package), sent, run, right, framework.promise)
            )
        rows.append(_row("Ahual, again", version("ahual"), sent, *_ours(stack, sent), OURS))
        say(table("The same job in other stream processors", COLUMNS, rows))
        say(asyncio.run(floor.measure(stack, sent)))


def _kpis() -> int:
    from services.cityscore.catalogue import load_catalogue

    return sum(len(initiative.kpis) for initiative in load_catalogue().initiatives)


def _ours(stack: Stack, sent: Backlog) -> tuple[Run, str]:
    return asyncio.run(_ours_with_minutes(stack, sent)), "exact"


async def _ours_with_minutes(stack: Stack, sent: Backlog) -> Run:
    run = await replay.replay(stack, sent, 1)
    minute = tables.parts["minute"].c
    sums = sa.select(minute.bucket, sa.func.sum(minute.numerator), sa.func.sum(minute.denominator))
    async with replay.reading(stack) as engine, engine.connect() as connection:
        for kpi, names in (("1.8", ("in_time", "offered")), ("2.1", ("wait_ms", "answered"))):
            rows = await connection.execute(sums.where(minute.kpi == kpi).group_by(minute.bucket))
            found = {round(1000 * row[0].timestamp()): tuple(row[1:]) for row in rows}
            wanted = {m: tuple(getattr(call, name) for name in names) for (_, m), call in sent.minutes.items()}
            assert {m: sums for m, sums in found.items() if any(sums)} == {m: w for m, w in wanted.items() if any(w)}
    return run


def _theirs(stack: Stack, sent: Backlog, framework: Framework, python: Path) -> tuple[Run, str]:
    state = stack.layout.folder.absolute() / f"state-{framework.folder}"
    state.mkdir(exist_ok=True)
    if framework.prepare:
        subprocess.run((str(python), *framework.filled(framework.prepare, state)), check=True)
    url = make_url(database_of(stack).get_secret_value()).set(drivername="postgresql")
    env = {
        "BENCH_KAFKA": stack.kafka_bootstrap,
        "BENCH_DATABASE": url.render_as_string(hide_password=False),
        "BENCH_GROUP": framework.folder,
        "BENCH_STATE": str(state),
        "PYTHONPATH": str(framework.job.parent.parent),
    }
    argv = (str(python), *framework.filled(framework.command, state))
    run, right = asyncio.run(_followed(stack, sent, Program(name=framework.folder, argv=argv, env=env, cwd=state)))
    tell(f"{framework.package}: {run.rate:,.0f} events/s, {right}")
    return run, right


async def _followed(stack: Stack, sent: Backlog, job: Program) -> tuple[Run, str]:
    async with replay.reading(stack) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(RESULT.drop, checkfirst=True)
            await connection.run_sync(RESULT.create)
        try:
            stack.start(job)
            run = await follow(stack, _counted(engine), sent.order.events, (job.name,))
        finally:
            stack.stop(job.name)
        return run, await _compared(engine, sent)


def _counted(engine: AsyncEngine) -> Callable[[], Awaitable[int]]:
    async def read() -> int:
        async with engine.connect() as connection:
            return int(await connection.scalar(sa.select(sa.func.sum(RESULT.c.events))) or 0)

    return read


async def _compared(engine: AsyncEngine, sent: Backlog) -> str:
    """Whether every minute has the sums that are true."""
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.select(RESULT))).all()
    events = sum(row.events for row in rows)
    found = {(row.city, round(1000 * row.minute.timestamp())): Call(*row[3:]) for row in rows}
    calls = {minute: call for minute, call in found.items() if any(call)}
    if events == sent.order.events and calls == sent.minutes:
        return "exact"
    return f"{events - sent.order.events:+,} events"


def _row(what: str, its: str, sent: Backlog, run: Run, right: str, promise: str) -> tuple[object, ...]:
    own = [name for name in run.usage.cpu if name not in (*SERVERS, "generator")]
    cores = sum(run.usage.cpu[name] for name in own)
    return (
        *(what, its, round(run.rate), round(run.rate / cores) if cores else "–", cores),
        *(run.usage.cpu.get("postgres", 0.0), run.usage.cpu.get("kafka", 0.0), run.cpu_us(*own)),
        *(
            round(max((run.usage.peak[name] for name in own), default=0)),
            min(run.last, sent.order.events),
            right,
            promise,
        ),
    )
