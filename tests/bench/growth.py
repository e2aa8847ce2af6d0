"""What more cities and more KPIs cost."""

from __future__ import annotations

import argparse
import asyncio
from datetime import datetime
from typing import Final

from deploy.stack import Stack
from services.cityscore.catalogue import load_catalogue
from services.runtime.clock import utc_now
from services.scorer.cities import load_cities
from tests.bench.backlog import Order
from tests.bench.history import CITY, api, past_of
from tests.bench.replay import prepare, reading, replay
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, register
from tests.bench.tables import percentile, table
from tests.bench.ticks import Ticking, answers
from tests.bench.wide import catalogue_of, fold_cost

BY_CITIES: Final = (
    *("cities", "events/s", "scorer µs/event", "PostgreSQL µs/event", "scorer peak MiB"),
    *("tick of a city: p50 ms", "p99 ms", "round of all, s", "GET cityscore: p50 ms", "p99 ms"),
)
BY_KPIS: Final = (
    *("KPIs", "decode µs/event", "fold µs/event", "parts per batch"),
    *("tick, windows moved: p50 ms", "p99 ms", "GET cityscore: p50 ms", "p99 ms"),
)


def measure(asked: argparse.Namespace) -> None:
    """Cities on a replayed backlog, KPIs on a synthetic day."""
    rows = [_cities(number, asked) for number in asked.cities]
    say(table(f"Growth in cities, {asked.grown:,} events", BY_CITIES, rows))
    say(table("Growth in KPIs, one city with a day of every KPI", BY_KPIS, [_kpis(n, asked) for n in asked.kpis]))


def _cities(number: int, asked: argparse.Namespace) -> tuple[object, ...]:
    names = tuple(f"bench-{place}" for place in range(1, number + 1))
    with bench_stack() as stack:
        sent = prepare(stack, Order(asked.grown, names, hours=asked.hours, duplicates=asked.duplicates))
        run = asyncio.run(replay(stack, sent, 1))
        ticks = asyncio.run(_round(stack))
        with api(stack) as url:
            reads = asyncio.run(answers(f"{url}/api/v1/cities/{names[-1]}/cityscore", asked.reads))
    return (
        *(number, round(run.rate), run.cpu_us("scorer-1"), run.cpu_us("postgres"), round(run.usage.peak["scorer-1"])),
        *(percentile(ticks, 0.5), percentile(ticks, 0.99), sum(ticks) / 1000),
        *(percentile(reads, 0.5), percentile(reads, 0.99)),
    )


async def _round(stack: Stack) -> list[float]:
    """Milliseconds of a tick of each city, every window moved; sorted."""
    async with reading(stack) as engine:
        async with engine.connect() as connection:
            cities = await load_cities(connection)
        ticking = Ticking(engine, load_catalogue(), utc_now())
        return sorted([took for city in cities.values() for took in await ticking.sliding(city, 1)])


def _kpis(number: int, asked: argparse.Namespace) -> tuple[object, ...]:
    catalogue = catalogue_of(number)
    decode, folding, parts = fold_cost(catalogue)
    with bench_stack() as stack, api(stack) as url:
        register(stack, [CITY])
        ticks = asyncio.run(_ticks(stack, number, asked, utc_now()))
        reads = asyncio.run(answers(f"{url}/api/v1/cities/{CITY}/cityscore", asked.reads))
    tell(f"{number} KPIs: {folding:.1f} µs/event")
    figures = (percentile(one, share) for one in (ticks, reads) for share in (0.5, 0.99))
    return number, decode, folding, parts, *figures


async def _ticks(stack: Stack, kpis: int, asked: argparse.Namespace, now: datetime) -> list[float]:
    catalogue = catalogue_of(kpis)
    async with reading(stack) as engine:
        await past_of(catalogue, CITY, asked.districts, 1).write(engine, 1, now)
        async with engine.connect() as connection:
            city = (await load_cities(connection))[CITY]
        return await Ticking(engine, catalogue, now).sliding(city, asked.ticks)
