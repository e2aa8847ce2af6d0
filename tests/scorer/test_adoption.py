"""A scorer whose measures are not the partition's rebuilds first, then goes on; an older one stops."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue
from schemas.topics import EVENTS
from services.scorer.adoption import Adoption
from services.scorer.cities import Cities
from services.scorer.commits import EventCommits
from services.scorer.errors import FencedError, OutdatedError
from services.scorer.measures import compile_measures
from services.scorer.types import Batch, Record
from tests.scorer.logs import CATALOGUE, FLOOR, TOWNS, Log, assert_same
from tests.scorer.model import Model
from tests.scorer.streams import BEGIN, Stream
from tests.scorer.test_rebuild import LIMITS, otherwise

pytestmark = pytest.mark.stack

NOW = BEGIN + timedelta(hours=1)


class Scorer:
    """What a scorer's process holds between Kafka and the database."""

    def __init__(self, engine: AsyncEngine, url: SecretStr, cities: Cities, catalogue: Catalogue) -> None:
        self.adoption = Adoption(url, engine, catalogue, cities, lambda: NOW)
        self.commits = EventCommits(engine, compile_measures(catalogue), cities, self.adoption, lambda: NOW)

    async def commit(self, log: Log, begin: int, end: int) -> None:
        records = [Record(begin + place, value) for place, value in enumerate(log.values[begin:end])]
        await self.commits.commit(Batch("test", "truth", EVENTS, log.number, begin, records))


async def scorers(engine: AsyncEngine, url: SecretStr) -> tuple[Scorer, Scorer]:
    """One with today's catalogue, one with tomorrow's."""
    cities = Cities(engine)
    await cities.refresh()
    return Scorer(engine, url, cities, CATALOGUE), Scorer(engine, url, cities, otherwise(CATALOGUE))


async def test_a_newer_scorer_takes_over_and_the_older_one_stops(floored: AsyncEngine, database_url: SecretStr) -> None:
    old, new = await scorers(floored, database_url)
    log, model = Log(0, Stream(20).bodies(120)), Model(TOWNS, FLOOR)
    await log.enter(floored)
    for value in log.values:
        model.take(0, value, NOW)
    await old.commit(log, 0, 60)
    await new.commit(log, 60, 100)
    with pytest.raises(OutdatedError):
        await old.commit(log, 100, len(log.values))
    await new.commit(log, 100, len(log.values))
    model.measures["1.8"]["numerator"][0]["where"][0]["at_most"] = LIMITS
    await assert_same(floored, model, NOW, otherwise(CATALOGUE))


async def test_a_scorer_that_lost_its_partition_adopts_nothing(floored: AsyncEngine, database_url: SecretStr) -> None:
    old, new = await scorers(floored, database_url)
    log = Log(0, Stream(21).bodies(40))
    await log.enter(floored)
    await old.commit(log, 0, 30)
    with pytest.raises(FencedError):
        await new.commit(log, 0, 30)
    async with floored.connect() as connection:
        assert await connection.scalar(sa.select(tables.consumer_offset.c.measures)) == old.adoption.measures


async def test_another_category_is_seen_and_followed(floored: AsyncEngine, database_url: SecretStr) -> None:
    """A scorer that read the cities before still commits under what it read; one that starts later rebuilds."""
    log = Log(0, Stream(22).bodies(60))
    await log.enter(floored)
    before, _ = await scorers(floored, database_url)
    await before.commit(log, 0, 30)
    of_karaganda = sa.update(tables.city).where(tables.city.c.code == "karaganda")
    async with floored.begin() as connection:
        await connection.execute(of_karaganda.values(category="district"))
    await before.commit(log, 30, 40)
    after, _ = await scorers(floored, database_url)
    await after.commit(log, 40, 50)
    await before.commit(log, 50, len(log.values))
    model = Model({**TOWNS, "karaganda": TOWNS["karaganda"]._replace(category="district")}, FLOOR)
    for value in log.values:
        model.take(0, value, NOW)
    await assert_same(floored, model, NOW)


async def test_partitions_without_traffic_follow_too(floored: AsyncEngine, database_url: SecretStr) -> None:
    old, new = await scorers(floored, database_url)
    log, stop = Log(5, Stream(23).bodies(40)), asyncio.Event()
    await log.enter(floored)
    await old.commit(log, 0, len(log.values))
    watching = asyncio.create_task(new.adoption.watch(lambda: [5], stop))
    async with asyncio.timeout(60), floored.connect() as connection:
        followed = sa.select(tables.consumer_offset.c.measures)
        while await connection.scalar(followed) != new.adoption.measures:
            await connection.rollback()
            await asyncio.sleep(0.1)
    stop.set()
    await watching
