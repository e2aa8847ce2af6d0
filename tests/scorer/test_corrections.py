"""Truth over time: whatever comes in whatever order, the database holds what the plain model holds."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from zlib import crc32

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.cityscore.catalogue import load_catalogue
from services.runtime.topic_identity import TopicIdentity
from services.scorer import offsets
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import ContendedError, FencedError
from services.scorer.measures import compile_measures
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch, City, Record
from tests.scorer.events import PREFIX
from tests.scorer.model import KPIS, Model, Town
from tests.scorer.streams import BEGIN, Stream, cuts, encoded

pytestmark = pytest.mark.stack

TOWNS = {"karaganda": Town("regional", "Asia/Almaty"), "almaty": Town("republican", "Asia/Almaty")}
CITIES = {code: City(code, town.category, town.timezone, 0) for code, town in TOWNS.items()}
FLOOR = BEGIN - timedelta(days=400)
KEPT: dict[tables.Tier, timedelta] = {
    "minute": timedelta(days=3),
    "hour": timedelta(days=200),
    "day": timedelta(days=4000),
}
COMPILED = compile_measures(load_catalogue())
SEEDS = range(int(os.environ.get("AHUAL_TEST_SEEDS", "8")))


class CrashError(Exception):
    """Stands for a process that dies between two statements."""


@contextmanager
def dying_at(engine: AsyncEngine, statement: int) -> Iterator[None]:
    """The n-th statement from now on is never run."""
    left = statement

    def count(*_args: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise CrashError

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)


class Log:
    """A partition's records and how far a scorer has come with them."""

    def __init__(self, number: int, values: list[bytes]) -> None:
        self.number = number
        self.values = values
        self.decoder = RecordDecoder()

    async def enter(self, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await offsets.enter(connection, TopicIdentity("test", "truth"), "events", self.number, 0)

    async def commit(self, engine: AsyncEngine, cut: slice, now: datetime) -> Outcome:
        records = [Record(cut.start + place, value) for place, value in enumerate(self.values[cut])]
        batch = Batch("test", "truth", "events", self.number, cut.start, records)
        return await commit_events(engine, batch, self.decoder, COMPILED, CITIES, lambda: now)


@pytest.fixture
async def floored(database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The ledger's floor where the streams expect it."""
    set_floor = sa.text("UPDATE ledger_floor SET floor = :floor WHERE event_class = 'department'")
    async with database.begin() as connection:
        query = sa.text("SELECT floor FROM ledger_floor WHERE event_class = 'department'")
        before = (await connection.execute(query)).scalar_one()
        await connection.execute(set_floor, {"floor": FLOOR})
    yield database
    async with database.begin() as connection:
        await connection.execute(set_floor, {"floor": before})


def distributed(rng: random.Random, bodies: list[bytes], partitions: int) -> list[Log]:
    """A source's events on its partition, as the key wants it; some astray, as when a topic was widened."""
    astray = rng.choice([0, 0.1, 0.5])
    values: list[list[bytes]] = [[] for _ in range(partitions)]
    for body in bodies:
        home = crc32(body.partition(b'"source":"')[2].partition(b'"')[0]) % partitions
        values[rng.randrange(partitions) if rng.random() < astray else home].append(body)
    return [Log(number, found) for number, found in enumerate(values)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_database_holds_what_the_model_holds(floored: AsyncEngine, seed: int) -> None:
    rng = random.Random(seed)
    model = Model(TOWNS, FLOOR)
    logs = distributed(rng, Stream(seed).bodies(250), partitions=3)
    for log in logs:
        await log.enter(floored)
    now = BEGIN
    for log, cut in interleaved(rng, logs):
        now += timedelta(microseconds=rng.randrange(90_000_000))
        for _ in range(rng.choice([0, 0, 1, 2])):
            with dying_at(floored, rng.randrange(1, 25)):
                try:
                    await log.commit(floored, cut, now)
                except CrashError:
                    continue
                except FencedError:
                    break
            break
        else:
            await log.commit(floored, cut, now)
        with pytest.raises(FencedError):
            await log.commit(floored, cut, now)
        for value in log.values[cut]:
            model.take(log.number, value, now)
    await assert_same(floored, model, now)


def interleaved(rng: random.Random, logs: list[Log]) -> Iterator[tuple[Log, slice]]:
    """Batches of random length; partitions interleave as they like, each is read from its beginning."""
    waiting = [(log, cuts(rng, len(log.values), rng.choice([1, 10, 80]))) for log in logs]
    while waiting:
        turn = rng.choice(waiting)
        cut = next(turn[1], None)
        if cut is None:
            waiting.remove(turn)
        else:
            yield turn[0], cut


async def test_two_partitions_that_correct_the_same_event_at_once_agree(floored: AsyncEngine) -> None:
    """The topic was widened: the same source is in two partitions, and both are committed at the same time."""
    for round_ in range(6):
        source = f"/karaganda/contact-centre/pbx-{round_}"
        original = call(source, "o")
        first, second = call(source, "c-1", supersedes="o"), call(source, "c-2", supersedes="o")
        logs = [Log(3, [original, first]), Log(4, [second, original])]
        logs = [Log(log.number + 10 * round_, log.values) for log in logs]
        for log in logs:
            await log.enter(floored)
        await asyncio.gather(*(commit_until_stored(floored, log) for log in logs))
        async with floored.connect() as connection:
            offset, part = tables.consumer_offset.c, tables.parts["day"].c
            numbers = [log.number for log in logs]
            booked = sa.select(sa.func.sum(offset.stored), sa.func.sum(offset.duplicate), sa.func.sum(offset.rejected))
            assert (await connection.execute(booked.where(offset.partition.in_(numbers)))).one() == (2, 1, 1)
            answered = sa.select(sa.func.sum(part.denominator), sa.func.sum(part.count)).where(part.kpi == "2.1")
            assert (await connection.execute(answered.where(part.partition.in_(numbers)))).one() == (1, 1)


async def commit_until_stored(engine: AsyncEngine, log: Log) -> None:
    for _ in range(20):
        try:
            await log.commit(engine, slice(0, len(log.values)), BEGIN)
        except (ContendedError, DBAPIError):  # a deadlock is the database's way to say the same
            continue
        return
    pytest.fail("never stored")


def call(source: str, name: str, *, supersedes: str | None = None) -> bytes:
    end = BEGIN - timedelta(hours=1)
    data = {"call": "c", "queue": "main", "queued_at": (end - timedelta(seconds=9)).isoformat()}
    event: dict[str, Any] = {"specversion": "1.0", "id": name, "source": source, "type": f"{PREFIX}call-answered.v1"}
    event |= {"time": end.isoformat(), "data": {**data, "answered_at": end.isoformat()}}
    if supersedes:
        event |= {"supersedesid": supersedes, "supersedestime": end.isoformat()}
    return encoded(event)


async def assert_same(engine: AsyncEngine, model: Model, now: datetime) -> None:
    async with engine.connect() as connection:
        for row in (await connection.execute(sa.select(tables.consumer_offset))).all():
            booked = {"stored": row.stored, "duplicate": row.duplicate, "rejected": row.rejected}
            assert booked == {name: model.outcomes[row.partition][name] for name in booked}
            assert row.next_offset == sum(booked.values())
        for tier, kept in KEPT.items():
            for partition in model.outcomes:
                c = tables.parts[tier].c
                query = sa.select(c.city, c.kpi, c.component, c.district, c.bucket, c.numerator, c.denominator, c.count)
                rows = await connection.execute(
                    query.where(c.partition == partition, c.bucket >= now - kept, c.kpi.in_(KPIS))
                )
                stored = {tuple(row[:5]): tuple(row[5:]) for row in rows if any(row[5:])}
                expected = model.parts(tier, partition)
                assert stored == {cell: sums for cell, sums in expected.items() if cell[4] >= now - kept}
