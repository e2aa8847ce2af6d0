"""Does an export of a month cost more after five years than in the first month? And Grafana's queries?"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.delivery import relative
from schemas.tables import catalogue_version
from services.cityscore.catalogue import load_catalogue
from services.export.deliveries import Maker
from services.export.schedule import Exporter
from services.export.sending import send_waiting
from services.export.ways import DirectoryWay
from services.runtime.clock import utc_now
from services.scorer.cities import load_cities
from tests.bench.history import past_of, settle
from tests.bench.replay import reading
from tests.bench.say import say, tell
from tests.bench.stacks import bench_stack, register
from tests.bench.tables import percentile, table
from tests.bench.ticks import Ticking
from tests.verify import panels

MONTHS: Final = {"first-month": 1, "one-year": 12, "five-years": 60}
"""City → its length of history, all in one database."""
HOUR: Final = timedelta(hours=1)
ZONE: Final = "Asia/Almaty"
EAST: Final = timedelta(hours=5)
"""Since March 2024; deliveries are only compared by the newest month."""
COLUMNS: Final = (
    *("history", "closed values", "deliveries before", "deliveries of the newest month"),
    *(
        "the month made: p50 s",
        "slowest s",
        "ms a delivery",
        "sent to a folder: p50 s",
        "a pass with nothing due: p50 ms",
    ),
)
QUERIES: Final = ("history", "part rows", "queries", "all together, ms", "p50 ms", "slowest ms", "which")
_CLOSED: Final = sa.text("""
    INSERT INTO closed_period (city, kpi, period, name, "begin", "end", revision, value, numerator, denominator, events,
      attainment, target, weight, freshness, newest, coverage, catalogue_hash, computed_at)
    SELECT :city, k.kpi, k.period, to_char(b, f.format), b AT TIME ZONE :zone, (b + f.step) AT TIME ZONE :zone, 1,
      extract(doy FROM b), extract(doy FROM b), 1, 50, 0.5, '{"op": "<=", "value": 20}', 10, 'fresh',
      (b + f.step) AT TIME ZONE :zone, 1, :hash, (b + f.step) AT TIME ZONE :zone + interval '5 minutes'
    FROM unnest(CAST(:kpis AS text[]), CAST(:periods AS text[])) AS k(kpi, period)
    JOIN (VALUES ('day', interval '1 day', 'YYYY-MM-DD'), ('week', interval '7 days', 'IYYY-"W"IW'),
      ('month', interval '1 month', 'YYYY-MM'), ('quarter', interval '3 months', 'YYYY-"Q"Q'),
      ('year', interval '1 year', 'YYYY')) AS f(period, step, format) USING (period)
    CROSS JOIN LATERAL generate_series(date_trunc(f.period, CAST(:first AS timestamp)),
      CAST(:last AS timestamp) - f.step, f.step) AS g(b)
    WHERE b + f.step > CAST(:first AS timestamp) ON CONFLICT DO NOTHING
""")
_FORGET: Final = tuple(
    sa.text(statement)
    for statement in (
        'DELETE FROM delivery_sent WHERE city = :city AND "end" > :since',
        'DELETE FROM delivery WHERE city = :city AND "end" > :since',
        "UPDATE delivery_progress SET through = :since WHERE city = :city",
    )
)


@dataclass(frozen=True, slots=True)
class Deliverer:
    """Makes and sends one city's deliveries at stated moments."""

    engine: AsyncEngine
    city: str
    root: Path
    month: datetime
    """When the newest month began, in the city's time but without its zone …"""
    end: datetime
    """… and when it ended."""

    async def close(self, months: int) -> None:
        """So many closed months of every KPI, as the scorer stores them."""
        kpis = [kpi for _, kpi in load_catalogue().measured()]
        first = self.month
        for _ in range(months - 1):
            first = (first - timedelta(days=1)).replace(day=1)
        values = {"city": self.city, "first": first, "last": self.end, "zone": ZONE, "hash": load_catalogue().hash}
        named = {"kpis": [kpi.code for kpi in kpis], "periods": [kpi.period.value for kpi in kpis]}
        async with self.engine.begin() as connection:
            await connection.execute(_CLOSED, values | named)

    async def made(self, at: datetime) -> tuple[list[Path], float]:
        """The deliveries of a pass, relative to their folder, and its seconds."""
        began = time.perf_counter()
        maker = Maker(load_catalogue(), self.root / "made", Ed25519PrivateKey.from_private_bytes(bytes(32)))
        found = (await Exporter(self.engine, maker, HOUR).run(at, self.city)).made
        seconds = time.perf_counter() - began
        return [Path(relative(self.city, one.closed.period, one.closed.name, one.revision)) for one in found], seconds

    async def sent(self, at: datetime) -> tuple[int, float]:
        """How many went to a folder in a pass, and its seconds."""
        began = time.perf_counter()
        way = DirectoryWay(kind="directory", name="bench", path=self.root / "sent")
        (outcome,) = await send_waiting(self.engine, self.root / "made", [way], at)
        return outcome.sent, time.perf_counter() - began

    async def forget(self, newest: Sequence[Path]) -> None:
        """As if the newest month had not been delivered."""
        async with self.engine.begin() as connection:
            for statement in _FORGET:
                await connection.execute(statement, {"city": self.city, "since": utc(self.month)})
        for place in newest:
            for name in ("made", "sent"):
                shutil.rmtree(self.root / name / place)


def utc(local: datetime) -> datetime:
    """A moment of the cities' time."""
    return (local - EAST).replace(tzinfo=UTC)


def measure(asked: argparse.Namespace) -> None:
    """Three cities side by side: one whose first month has closed, one after a year, one after five."""
    with bench_stack() as stack, TemporaryDirectory(prefix="ahual-bench-exports-") as folder:
        register(stack, MONTHS)
        (Path(folder) / "sent").mkdir()
        rows = asyncio.run(_exports(stack, Path(folder), asked.repeats))
        say(table(f"An export of a month by length of history, {asked.repeats} times in turn", COLUMNS, rows))
        say(table("Grafana's queries by length of history", QUERIES, asyncio.run(_queries(stack))))


async def _exports(stack: Stack, root: Path, repeats: int) -> list[tuple[object, ...]]:
    end = (utc_now() + EAST).replace(day=1, hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    month = (end - timedelta(days=1)).replace(day=1)
    now = utc(end) + 3 * HOUR
    async with reading(stack) as engine:
        all_of_them = [Deliverer(engine, city, root, month, end) for city in MONTHS]
        before = [await _history(one, now) for one in all_of_them]
        await settle(engine)
        rounds = [[await _round(one, now) for one in all_of_them] for _ in range(repeats)]
        counts = [await _closed(engine, one.city) for one in all_of_them]
    return [
        (one.city, count, past, *_figures([done[place] for done in rounds]))
        for place, (one, count, past) in enumerate(zip(all_of_them, counts, before, strict=True))
    ]


async def _history(one: Deliverer, now: datetime) -> int:
    """Close and deliver all there is; how many deliveries are older than the newest month."""
    await one.close(MONTHS[one.city])
    older, seconds = await one.made(utc(one.month) + 3 * HOUR)
    tell(f"{one.city}: {len(older):,} deliveries of before in {seconds:.0f} s")
    while (await one.sent(now))[0]:
        pass
    return len(older)


async def _round(one: Deliverer, now: datetime) -> tuple[int, float, float, float]:
    """Deliveries of the newest month; seconds to make them, to send them, to find nothing due."""
    newest, making = await one.made(now)
    _, sending = await one.sent(now)
    nothing, idle = await one.made(now)
    assert not nothing
    await one.forget(newest)
    return len(newest), making, sending, idle


def _figures(rounds: Sequence[tuple[int, float, float, float]]) -> tuple[object, ...]:
    (count,) = {done[0] for done in rounds}
    making, sending, idle = (sorted(done[place] for done in rounds) for place in (1, 2, 3))
    middle = percentile(making, 0.5)
    return count, middle, making[-1], 1000 * middle / count, percentile(sending, 0.5), 1000 * percentile(idle, 0.5)


async def _closed(engine: AsyncEngine, city: str) -> int:
    async with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM closed_period WHERE city = :city")
        return int((await connection.execute(query, {"city": city})).scalar_one())


async def _queries(stack: Stack) -> list[tuple[object, ...]]:
    """Every query of variables, panels and alerts, of the youngest and of the oldest city."""
    url, now = SecretStr(stack.env()["AHUAL_READER_URL"]), utc_now()
    rows: list[tuple[object, ...]] = []
    catalogue = load_catalogue()
    version = {
        "hash": catalogue.hash,
        "version": catalogue.methodology.version,
        "content": catalogue.model_dump(mode="json"),
    }
    async with reading(stack) as engine:
        async with engine.begin() as connection:
            await connection.execute(sa.insert(catalogue_version).values(version))
        for city, months in MONTHS.items():
            past = past_of(catalogue, city, 1, 1)
            await past.write(engine, 30 * months, now)
            async with engine.connect() as connection:
                known = (await load_cities(connection))[city]
            await Ticking(engine, catalogue, now).sliding(known, 1)
            await past.write_scores(engine, 30 * months, now)
        await settle(engine)
        for city in MONTHS:
            await panels.ask_all(url, city)  # once to warm the caches, as for every city
            asked = await panels.ask_all(url, city)
            slow = max(asked, key=lambda row: row.ms)
            times = sorted(row.ms for row in asked)
            parts = await _parts(engine, city)
            rows.append((city, parts, len(asked), sum(times), percentile(times, 0.5), slow.ms, slow.name))
    return rows


async def _parts(engine: AsyncEngine, city: str) -> int:
    async with engine.connect() as connection:
        query = sa.text("SELECT count(*) FROM part_hour WHERE city = :city")
        hours = (await connection.execute(query, {"city": city})).scalar_one()
        query = sa.text("SELECT count(*) FROM part_day WHERE city = :city")
        return int(hours) + int((await connection.execute(query, {"city": city})).scalar_one())
