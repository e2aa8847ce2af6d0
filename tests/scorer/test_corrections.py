"""Truth over time: whatever comes in whatever order, the database holds what the plain model holds."""

from __future__ import annotations

import asyncio
import os
import random
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.scorer.errors import ContendedError, FencedError, KnownEventsError
from tests.scorer.events import PREFIX
from tests.scorer.logs import FLOOR, TOWNS, Log, assert_same, distributed, interleaved
from tests.scorer.model import Model
from tests.scorer.mortal import CrashError, Fate, mortal
from tests.scorer.streams import BEGIN, Stream, encoded

pytestmark = pytest.mark.stack

SEEDS = range(int(os.environ.get("AHUAL_TEST_SEEDS", "8")))


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_database_holds_what_the_model_holds(
    floored: AsyncEngine, database_url: SecretStr, seed: int
) -> None:
    rng, fate = random.Random(seed), Fate()
    model = Model(TOWNS, FLOOR)
    logs = distributed(rng, Stream(seed).bodies(250), partitions=3)
    for log in logs:
        await log.enter(floored)
    now = BEGIN
    async with mortal(database_url, fate) as engine:
        for log, cut in interleaved(rng, logs):
            now += timedelta(microseconds=rng.randrange(90_000_000))
            for step in (*(rng.randrange(1, 30) for _ in range(rng.choice([0, 0, 1, 2]))), 0):
                with fate.at(step):
                    try:
                        await as_it_comes(rng, log, engine, cut, now)
                    except CrashError:
                        continue
                    except FencedError:
                        pass  # only the answer to COMMIT was lost
                    break
            with pytest.raises(FencedError):
                await log.commit(floored, cut, now)
            for value in log.values[cut]:
                model.take(log.number, value, now)
    await assert_same(floored, model, now)


async def as_it_comes(rng: random.Random, log: Log, engine: AsyncEngine, cut: slice, now: datetime) -> None:
    """In the fast way, if it works; the way of a scorer."""
    if rng.random() < 0.5:
        try:
            await log.commit(engine, cut, now, straight=True)
        except KnownEventsError:
            pass
        else:
            return
    await log.commit(engine, cut, now)


@pytest.mark.parametrize("straight", [True, False])
async def test_death_at_each_step_in_turn(floored: AsyncEngine, database_url: SecretStr, *, straight: bool) -> None:
    """Until COMMIT every step leaves nothing behind; after it everything is there."""
    fate, died = Fate(), []
    source = "/karaganda/contact-centre/pbx-1"
    stored = [call(source, "o-1"), call(source, "o-2")]
    batch = [call(source, "c-1", supersedes="o-1"), call(source, "n-1"), b"nonsense", call(source, "n-2")]
    log = Log(0, [*stored, *batch, *([] if straight else [*stored, call(source, "e", supersedes="never-sent")])])
    cut = slice(len(stored), len(log.values))
    await log.enter(floored)
    await log.commit(floored, slice(0, len(stored)), BEGIN)
    before = await everything(floored)
    async with mortal(database_url, fate) as engine:
        for step in count(1):
            with fate.at(step):
                try:
                    await log.commit(engine, cut, BEGIN, straight=straight)
                except CrashError as crash:
                    died.append(str(crash))
                except FencedError:
                    break
            if not died[-1].startswith("COMMIT"):
                assert await everything(floored) == before, died[-1]
    assert await everything(floored) != before
    table = "ledger_department" if straight else "incoming"
    assert {f"before COPY {table}", "half of COPY", f"after COPY {table}", "COMMIT;"} <= set(died)
    model = Model(TOWNS, FLOOR)
    for value in log.values:
        model.take(0, value, BEGIN)
    await assert_same(floored, model, BEGIN)


async def test_scorers_of_two_partitions_never_wait_for_each_other(
    floored: AsyncEngine, database_url: SecretStr
) -> None:
    """The same city, KPIs, minutes and bins: one has written everything and not committed, the other goes through.

    Only who is the first in a chunk of a table keeps others waiting, so both have stored something before.
    """
    fate = Fate(gate=asyncio.Event())
    assert fate.gate is not None
    logs = [
        Log(number, [call(f"/karaganda/contact-centre/pbx-{number}", name) for name in "abcd"]) for number in (0, 1)
    ]
    for log in logs:
        await log.enter(floored)
        await log.commit(floored, slice(0, 1), BEGIN)
    cut = slice(1, 4)
    async with mortal(database_url, fate) as engine:
        slow = asyncio.create_task(logs[0].commit(engine, cut, BEGIN))
        try:
            async with asyncio.timeout(20):
                while "COMMIT;" not in fate.steps:  # noqa: ASYNC110  (what is watched is a list)
                    await asyncio.sleep(0.01)
                assert (await logs[1].commit(floored, cut, BEGIN)).stored == 3
            assert not slow.done()
        finally:
            fate.gate.set()
            assert (await slow).stored == 3


async def everything(engine: AsyncEngine) -> dict[str, list[Any]]:
    """What a batch may write."""
    async with engine.connect() as connection:
        return {
            table.name: sorted(map(str, (await connection.execute(sa.select(table))).all()))
            for table in tables.metadata.sorted_tables
        }


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
