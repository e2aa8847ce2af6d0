"""Partitions' logs committed to a real database, and comparing it with the plain model."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.topics import EVENTS
from services.cityscore.catalogue import load_catalogue
from services.runtime.topic_identity import TopicIdentity
from services.scorer import offsets
from services.scorer.decoding import RecordDecoder
from services.scorer.measures import Compiled, compile_measures
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch, City, Record
from tests.scorer.model import KPIS, Model, Town
from tests.scorer.streams import BEGIN, cuts

TOWNS = {"karaganda": Town("regional", "Asia/Almaty"), "almaty": Town("republican", "Asia/Almaty")}
CITIES = {code: City(code, town.category, town.timezone, 0) for code, town in TOWNS.items()}
FLOOR = BEGIN - timedelta(days=400)
KEPT: dict[tables.Tier, timedelta] = {
    "minute": timedelta(days=3),
    "hour": timedelta(days=200),
    "day": timedelta(days=4000),
}
CATALOGUE = load_catalogue()
COMPILED = compile_measures(CATALOGUE)


class Log:
    """A partition's records and how far a scorer has come with them."""

    def __init__(self, number: int, values: list[bytes]) -> None:
        self.number = number
        self.values = values
        self.decoder = RecordDecoder()

    async def enter(self, engine: AsyncEngine) -> None:
        async with engine.begin() as connection:
            await offsets.enter(connection, TopicIdentity("test", "truth"), EVENTS, self.number, 0)

    async def commit(
        self,
        engine: AsyncEngine,
        cut: slice,
        now: datetime,
        compiled: Compiled = COMPILED,
        *,
        measures: str = "",
        straight: bool = False,
    ) -> Outcome:
        records = [Record(cut.start + place, value) for place, value in enumerate(self.values[cut])]
        batch = Batch("test", "truth", EVENTS, self.number, cut.start, records)
        return await commit_events(
            engine, batch, self.decoder, compiled, CITIES, lambda: now, measures=measures, straight=straight
        )


def distributed(rng: random.Random, bodies: list[bytes], partitions: int) -> list[Log]:
    """A source's events on its partition, as the key wants it; some astray, as when a topic was widened."""
    astray = rng.choice([0, 0.1, 0.5])
    values: list[list[bytes]] = [[] for _ in range(partitions)]
    for body in bodies:
        home = crc32(body.partition(b'"source":"')[2].partition(b'"')[0]) % partitions
        values[rng.randrange(partitions) if rng.random() < astray else home].append(body)
    return [Log(number, found) for number, found in enumerate(values)]


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
