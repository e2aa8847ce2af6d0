"""Truth over time: whatever comes in whatever order, the database holds what the plain model holds."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.scorer.errors import ContendedError, FencedError
from tests.scorer.events import PREFIX
from tests.scorer.logs import FLOOR, TOWNS, Log, assert_same, distributed, interleaved
from tests.scorer.model import Model
from tests.scorer.streams import BEGIN, Stream, encoded

pytestmark = pytest.mark.stack

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
