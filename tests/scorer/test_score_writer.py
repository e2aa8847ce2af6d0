"""The stored CityScore: right at once, one revision per write, missing when a feed is dead."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.snapshot import Snapshot
from services.cityscore.attainment import Value
from services.cityscore.catalogue import load_catalogue
from services.runtime.metrics import Metrics
from services.scorer.score_writer import ScoreWriter
from tests.scorer.events import answered
from tests.scorer.test_transaction import CITY, NOW, Partition
from tests.waiting import eventually

pytestmark = pytest.mark.stack
CURRENT = tables.cityscore_current.c


def writer(engine: AsyncEngine, after: timedelta = timedelta()) -> ScoreWriter:
    return ScoreWriter(engine, load_catalogue(), lambda: NOW + after, Metrics())


async def stored(engine: AsyncEngine) -> Snapshot:
    async with engine.connect() as connection:
        body = (await connection.execute(sa.select(CURRENT.snapshot).where(CURRENT.city == CITY.code))).scalar_one()
    return Snapshot.model_validate(body)


async def test_a_call_moves_the_score(database: AsyncEngine) -> None:
    partition = Partition(database, "score")
    await partition.enter()
    scores = writer(database)
    await scores.score(CITY)
    empty = await stored(database)
    assert empty.index is None
    assert (empty.lower, empty.upper, empty.coverage) == (0.0, 100.0, 0.0)
    await partition.commit(0, [answered("2026-11-22T11:00:40Z", "2026-11-22T11:00:00Z", id="a")])
    await scores.score(CITY)
    first = await stored(database)
    assert first.kpis["2.1"].value == 40.0
    assert first.kpis["2.1"].attainment == 0.5
    assert first.kpis["1.8"].value == 100.0
    await partition.commit(1, [answered("2026-11-22T11:05:00Z", "2026-11-22T11:05:00Z", id="b")])
    await scores.score(CITY)
    second = await stored(database)
    assert second.kpis["2.1"].value == 20.0
    assert second.kpis["2.1"].attainment == 1.0
    assert second.revision == first.revision + 1 == empty.revision + 2
    assert second.index is not None
    assert second.lower < second.index <= 100.0
    assert second.coverage == pytest.approx(1 - (second.upper - second.lower) / 100)


async def test_a_dead_feed_stops_scoring(database: AsyncEngine) -> None:
    partition = Partition(database, "dead")
    await partition.enter()
    await partition.commit(0, [answered(id="a", recordedtime="2026-11-22T10:00:00Z")])
    for hours, freshness in ((3, "fresh"), (24, "fresh"), (30, "stale"), (60, "missing")):
        snapshot = await writer(database, timedelta(hours=hours)).score(CITY)
        assert snapshot is not None
        assert snapshot.kpis["1.1"].freshness in (freshness, "not_applicable")
        assert snapshot.kpis["2.1"].freshness == ("not_applicable" if hours in (24, 30) else freshness)


async def test_two_writers_take_turns(database: AsyncEngine) -> None:
    partition = Partition(database, "turns")
    await partition.enter()
    await partition.commit(0, [answered(id="a")])
    before = await writer(database).score(CITY)
    assert before is not None
    await asyncio.gather(*(writer(database).score(CITY) for _ in range(4)))
    assert (await stored(database)).revision == before.revision + 4


async def test_a_tick_right_after_another_writers_is_left_out(database: AsyncEngine) -> None:
    assert await writer(database).score(CITY) is not None
    assert await writer(database).score(CITY, newer_than=timedelta(seconds=5)) is None
    assert await writer(database, timedelta(seconds=6)).score(CITY, newer_than=timedelta(seconds=5)) is not None


async def test_a_score_of_the_future_does_not_stop_scoring(database: AsyncEngine) -> None:
    """A writer whose clock was ahead must not silence those whose clock is right."""
    await writer(database, timedelta(hours=1)).score(CITY)
    assert await writer(database).score(CITY, newer_than=timedelta(seconds=5)) is not None
    assert (await stored(database)).computed_at == NOW


async def test_the_cadence_goes_on_when_the_clock_is_set_back(database: AsyncEngine) -> None:
    ahead = timedelta(hours=1)
    scores = ScoreWriter(database, load_catalogue(), lambda: NOW + ahead, Metrics())

    async def shown(computed_at: datetime) -> bool:
        query = sa.select(CURRENT.computed_at).where(CURRENT.city == CITY.code)
        async with database.connect() as connection:
            return bool((await connection.execute(query)).scalar_one_or_none() == computed_at)

    stop = asyncio.Event()
    task = asyncio.create_task(
        scores.run(stop, asyncio.Queue(), cadence=timedelta(milliseconds=100), pause=timedelta())
    )
    try:
        await eventually(lambda: shown(NOW + timedelta(hours=1)))
        ahead = timedelta()
        await eventually(lambda: shown(NOW))
    finally:
        stop.set()
        await task


async def test_notices_lead_to_scores(database: AsyncEngine) -> None:
    stop, notices = asyncio.Event(), asyncio.Queue[str]()
    partition = Partition(database, "notices")
    await partition.enter()
    scores = writer(database)
    task = asyncio.create_task(scores.run(stop, notices, cadence=timedelta(hours=1), pause=timedelta(milliseconds=1)))
    try:
        await eventually(lambda: _revision(database))
        await partition.commit(0, [answered(id="a")])
        notices.put_nowait(CITY.code)
        await eventually(lambda: _value(database))
    finally:
        stop.set()
        notices.put_nowait("")
        await task


async def test_a_damaged_city_keeps_no_other_from_its_score(database: AsyncEngine) -> None:
    damaged = CITY._replace(code="aktau")
    assert damaged.code < CITY.code
    async with database.begin() as connection:
        await connection.execute(
            sa.insert(tables.city).values(code=damaged.code, name={}, category="district", timezone=CITY.timezone)
        )
    await writer(database).score(damaged)
    async with database.begin() as connection:
        await connection.execute(
            sa.update(tables.cityscore_current).where(CURRENT.city == damaged.code).values(snapshot={})
        )
    metrics, stop, notices = Metrics(), asyncio.Event(), asyncio.Queue[str]()
    scores = ScoreWriter(database, load_catalogue(), lambda: NOW + timedelta(minutes=1), metrics)
    notices.put_nowait("")
    task = asyncio.create_task(scores.run(stop, notices, cadence=timedelta(hours=1), pause=timedelta()))
    try:
        await eventually(lambda: _revision(database))
    finally:
        stop.set()
        notices.put_nowait("")
        await task
    assert metrics.registry.get_sample_value("ahual_scorer_city_failed_total", {"city": damaged.code, "what": "score"})


async def _value(engine: AsyncEngine) -> Value | None:
    return (await stored(engine)).kpis["2.1"].value


async def _revision(engine: AsyncEngine) -> int | None:
    async with engine.connect() as connection:
        query = sa.select(CURRENT.revision).where(CURRENT.city == CITY.code)
        return (await connection.execute(query)).scalar_one_or_none()


async def test_history_says_how_each_minute_and_hour_ended(database: AsyncEngine) -> None:
    at = [timedelta(seconds=s) for s in (0, 10, 59, 60, 61, 3599, 3600, 3601)]
    for after in at:
        await writer(database, after).score(CITY)
    found = {}
    async with database.connect() as connection:
        for tier, table in tables.cityscores.items():
            rows = await connection.execute(sa.select(table).order_by(table.c.computed_at))
            found[tier] = [(row.computed_at - NOW, row.revision) for row in rows.all()]
            body = (await connection.execute(sa.select(table.c.snapshot, table.c.upper, table.c.index))).first()
            assert body is None or Snapshot.model_validate(body.snapshot).upper == body.upper == 100.0
    assert found["minute"] == [(at[2], 3), (at[4], 5), (at[5], 6)]
    assert found["hour"] == [(at[5], 6)]
    assert found["day"] == []
    assert (await stored(database)).revision == 8


async def test_history_of_a_day(database: AsyncEngine) -> None:
    midnight = timedelta(hours=12)
    for after in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(seconds=1)):
        await writer(database, after).score(CITY)
    async with database.connect() as connection:
        for table in tables.cityscores.values():
            assert (await connection.execute(sa.select(table.c.revision))).scalars().all() == [1]
