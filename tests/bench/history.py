"""Does a snapshot cost more after five years than after a day?"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Program, Stack, StackError
from deploy.stack.tools import wait_until
from schemas.catalogue import Catalogue
from schemas.tables import cityscores, parts
from services.cityscore.catalogue import load_catalogue
from services.runtime.clock import utc_now
from services.scorer.cities import load_cities
from tests.bench.past import Past
from tests.bench.replay import reading
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, register
from tests.bench.tables import percentile, table
from tests.bench.ticks import Ticking, answers
from tests.installation import READY_S
from tests.installation import answers as is_ready

CITY: Final = "bench"
LENGTHS: Final = {"1 day": 1, "1 year": 365, "5 years": 1826}
CHANGED: Final = ("1.8", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7")
"""What a batch of the contact centre changes."""
COLUMNS: Final = (
    *("history", "part rows", "stored scores", "database MiB"),
    *("tick, windows moved: p50 ms", "p99 ms", "tick, 8 KPIs changed: p50 ms", "p99 ms"),
    *("GET cityscore: p50 ms", "p99 ms", "GET series of 90 days: p50 ms", "p99 ms"),
)


def measure(asked: argparse.Namespace) -> None:
    """One city that grows older."""
    with bench_stack() as stack, api(stack) as url:
        register(stack, [CITY])
        rows = asyncio.run(_measure(stack, f"{url}/api/v1/cities/{CITY}", asked))
        say(table(f"A snapshot by length of history, {asked.reads} reads, {asked.ticks} ticks", COLUMNS, rows))


@contextmanager
def api(stack: Stack) -> Iterator[str]:
    """The API, and its address."""
    stack.start(Program(name="api", argv=(str(Path(sys.executable).parent / "ahual"), "api")))
    try:
        log = stack.layout.log("api")
        wait_until(
            lambda: is_ready(stack.ports.api),
            seconds=READY_S,
            failure=lambda: StackError("not_ready", name="api", seconds=round(READY_S), detail="", log=log),
        )
        yield f"http://127.0.0.1:{stack.ports.api}"
    finally:
        stack.stop("api")


def past_of(catalogue: Catalogue, city: str, districts: int, partitions: int) -> Past:
    """Every KPI and every system of the catalogue."""
    return Past(
        city,
        "Asia/Almaty",
        [kpi.code for initiative in catalogue.initiatives for kpi in initiative.kpis],
        [initiative.system for initiative in catalogue.initiatives],
        [f"district-{number}" for number in range(1, districts + 1)],
        partitions,
    )


async def _measure(stack: Stack, url: str, asked: argparse.Namespace) -> list[tuple[object, ...]]:
    catalogue = load_catalogue()
    past = past_of(catalogue, CITY, asked.districts, asked.partitions)
    rows = []
    async with reading(stack) as engine:
        for name in asked.lengths:
            began, now = time.monotonic(), utc_now()
            await past.write(engine, LENGTHS[name], now)
            ticking = Ticking(engine, catalogue, now)
            async with engine.connect() as connection:
                city = (await load_cities(connection))[CITY]
            await ticking.sliding(city, 1)
            await past.write_scores(engine, LENGTHS[name], now)
            await settle(engine)
            tell(f"{name} written in {time.monotonic() - began:.0f} s")
            series = f"{url}/kpis/2.1/series?resolution=day"
            found = [
                await ticking.sliding(city, asked.ticks),
                await ticking.changed(city, CHANGED, asked.ticks),
                await answers(f"{url}/cityscore", asked.reads),
                await answers(series, asked.reads),
            ]
            figures = (percentile(one, share) for one in found for share in (0.5, 0.99))
            rows.append((name, *await _sizes(engine), *figures))
    return rows


async def settle(engine: AsyncEngine) -> None:
    """As after a while: statistics gathered."""
    async with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        await connection.execute(sa.text("SET statement_timeout = 0"))
        await connection.execute(sa.text("VACUUM ANALYZE"))


async def _sizes(engine: AsyncEngine) -> tuple[int, int, int]:
    """Rows of parts, stored scores, MiB of the database."""
    async with engine.connect() as connection:
        counts = [
            sum([await connection.scalar(sa.select(sa.func.count()).select_from(one)) or 0 for one in group.values()])
            for group in (parts, cityscores)
        ]
        size = await connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
    return counts[0], counts[1], int(size or 0) // 2**20
