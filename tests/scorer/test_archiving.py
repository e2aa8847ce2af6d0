"""The floor moves, what is below is archived, what is archived is dropped; whatever dies when, nothing is lost."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from deploy.stack import Stack
from schemas import tables
from schemas.events.envelope import EventClass
from services.runtime import locks
from services.runtime.database import open_database
from services.scorer import floors, ledger_retention, parquet, stored_events
from services.scorer.archive import Archive, batches_in
from services.scorer.archiving import Done
from services.scorer.errors import ArchiveError
from services.scorer.ledger_retention import LedgerRetention
from services.scorer.stored_events import StoredBatch
from tests.chaos import disks
from tests.scorer.old_days import CITIES, COMPILED, DUE, FIRST, NOW, World, call, calls, set_floor, standing

pytestmark = pytest.mark.stack
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
async def world(database: AsyncEngine, tmp_path: Path) -> AsyncIterator[World]:
    before = await standing(database)
    await set_floor(database, FIRST)
    made = World(database, tmp_path / "archive")
    await made.enter()
    yield made
    await set_floor(database, before.first)


def archived(archive: Archive) -> list[bytes]:
    """Every body in the folder."""
    paths = [path for name, day in archive.days() for path in archive.files(name, day)]
    return [row.body for path in paths for table in parquet.tables(path) for row in parquet.of_table(table)]


def archived_batches(archive: Archive, partition: int, begin: datetime, end: datetime) -> list[StoredBatch]:
    """What the folder has of a partition."""
    paths = [(name, path) for name, day in archive.days() for path in archive.files(name, day)]
    return [batch for name, path in paths for batch in batches_in(path, name, partition, begin, end)]


async def test_what_is_dropped_was_archived(world: World) -> None:
    sent = list(calls(600))
    for begin in range(0, 600, 100):
        await world.send(*sent[begin : begin + 100], partition=begin // 100 % 2)
    done = await world.archive_all()
    old = [body for number, body in enumerate(sent) if FIRST + number * timedelta(minutes=37) < DUE]
    assert sorted(archived(world.archive)) == sorted(old)
    assert done.rows == len(old)
    assert done.moved == 8
    floor = await standing(world.engine)
    assert (floor.floor, floor.dropped) == (DUE, DUE)
    assert 600 - len(old) <= await world.ledger() < 600
    assert [problems for _, problems in world.archive.check()] == [[]] * 8
    assert await world.archive_all() == Done()
    assert await world.parts() == world.model.parts("day")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_full_disk_drops_nothing_and_needs_nothing_but_room(world: World, tmp_path: Path) -> None:
    await world.send(*calls(280))
    with disks.mounted(tmp_path / "archive", megabytes=2):
        disks.fill(tmp_path / "archive")
        with pytest.raises(OSError, match="No space left"):
            await world.archive_all()
        assert (await standing(world.engine)).dropped == FIRST
        assert await world.ledger() == 280
        disks.make_room(tmp_path / "archive")
        await world.archive_all()
        assert (await standing(world.engine)).dropped == DUE
        assert all(not problems for _, problems in world.archive.check())
        kept = archived(world.archive)
    assert len(set(kept)) == len(kept) > 0


async def test_a_row_says_where_it_came_from(world: World) -> None:
    [body] = calls(1)
    await world.send(body)
    await world.archive_all()
    [path] = world.archive.files("department", FIRST.date())
    [row] = [row for table in parquet.tables(path) for row in parquet.of_table(table)]
    event = json.loads(body)
    assert (row.id, row.source, row.type) == (event["id"], event["source"], event["type"])
    assert (row.time, row.stored_at, row.body) == (FIRST, NOW, body)
    assert (row.cluster, row.topic_id, row.partition, row.first_offset, row.last_offset) == ("test", "old", 0, 0, 0)


async def test_archived_batches_are_those_of_the_ledger(world: World) -> None:
    sent = list(calls(280))
    for begin in range(0, 280, 40):
        await world.send(*sent[begin : begin + 40])
    async with world.engine.connect() as connection:
        before = [batch async for batch in stored_events.batches(connection, 0, *EVER)]
    await world.archive_all()
    after = archived_batches(world.archive, 0, *EVER)
    assert {(b.id, b.stored_at, r.offset): r.value for b in after for r in b.records} == {
        (b.id, b.stored_at, r.offset): r.value for b in before for r in b.records
    }
    since, until = FIRST + timedelta(hours=30), FIRST + timedelta(hours=60)
    cut = [record.value for batch in archived_batches(world.archive, 0, since, until) for record in batch.records]
    assert cut == [body for body in sent if since <= datetime.fromisoformat(json.loads(body)["time"]) < until]
    assert archived_batches(world.archive, 1, *EVER) == []


async def test_the_floor_moves_while_scorers_write(world: World) -> None:
    """Events about the floor come while it moves: each is either in the archive or ledger, or too old; none twice."""
    outcomes = []

    async def scorer(partition: int) -> None:
        for number in range(60):
            at = FIRST + timedelta(hours=3 * number + partition)
            bodies = [call(1000 * partition + 10 * number + n, at + timedelta(minutes=n)) for n in range(10)]
            outcomes.append(await world.send(*bodies, partition=partition))
            await asyncio.sleep(0)

    async def archivist() -> Done:
        total = Done()
        for _ in range(12):
            done = await world.archivist().round()
            assert done is not None
            total = Done(*map(sum, zip(total, done, strict=True)))
        return total

    _, _, done = await asyncio.gather(scorer(0), scorer(1), archivist())
    await world.archive_all()
    assert sum(o.stored + o.rejected for o in outcomes) == 1200
    assert sum(o.unreconciled for o in outcomes) == 0
    assert done.moved >= 8
    stored = [event.body for outcome in outcomes for event in outcome.new]
    kept = archived(world.archive)
    assert len(set(kept)) == len(kept)
    async with world.engine.connect() as connection:
        in_ledger = [
            record.value
            for partition in (0, 1)
            async for batch in stored_events.batches(connection, partition, *EVER)
            for record in batch.records
        ]
    assert set(kept) | set(in_ledger) == set(stored)
    assert await world.parts() == world.model.parts("day")


class KilledError(Exception):
    """Stands for a process that dies."""


@pytest.mark.parametrize("place", ["services.scorer.floors.drop", "services.scorer.archive_index.enter", "os.fsync"])
async def test_a_crash_at_any_step(world: World, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    await world.send(*calls(300))

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(place, killed)
        for _ in range(3):
            with pytest.raises(KilledError):
                await world.archivist().round()
    assert await world.ledger() == 300
    await world.archive_all()
    kept = archived(world.archive)
    assert len(kept) == len(set(kept)) == 300
    assert await world.ledger() < 300
    left_over = [problem.problem for _, problems in world.archive.check() for problem in problems]
    assert set(left_over) <= {"unlisted"}


async def test_a_damaged_archive_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.send(*calls(300))

    really = floors.drop

    async def not_yet(connection: AsyncConnection, event_class: EventClass, before: datetime) -> None:
        if event_class == "department":
            raise KilledError
        await really(connection, event_class, before)

    with monkeypatch.context() as patched:
        patched.setattr(floors, "drop", not_yet)
        for _ in range(9):
            with pytest.raises(KilledError):
                await world.archivist().round()
    [path] = world.archive.files("department", FIRST.date())
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole[:500] + bytes([whole[500] ^ 1]) + whole[501:], b""):
        path.write_bytes(damaged)
        [problems] = [found for _, found in world.archive.check() if found]
        assert [(problem.path, problem.problem) for problem in problems] == [(path, "damaged")]
        with pytest.raises(ArchiveError):
            await world.archive_all()
    path.unlink()
    with pytest.raises(ArchiveError, match="missing"):
        await world.archive_all()
    assert await world.ledger() == 300
    path.write_bytes(whole)
    await world.archive_all()
    assert await world.ledger() < 300


async def test_another_folder_is_refused(world: World, tmp_path: Path) -> None:
    await world.send(*calls(30))
    for _ in range(3):
        await world.archivist().round()
    for _ in range(2):
        await world.archivist(Archive(tmp_path / "other")).round()  # goes on there until a chunk is to be dropped
    for _ in range(2):
        with pytest.raises(ArchiveError, match="foreign"):
            await world.archivist(Archive(tmp_path / "other")).round()
    assert await world.ledger() == 30
    await world.archive_all()
    assert len(archived(world.archive)) == 30


async def test_a_file_unlike_the_ledger_is_refused(world: World) -> None:
    await world.send(*calls(30))
    async with world.engine.begin() as connection:
        broken = "UPDATE ledger_department SET content_hash = content_hash + 1 WHERE position = 3"
        await connection.execute(sa.text(broken))
        await connection.execute(sa.text("DELETE FROM ledger_batch_department"))
    with pytest.raises(ArchiveError, match="unlike_ledger"):
        await world.archive_all()
    assert await world.ledger() == 30


async def test_the_scorers_account_may_do_it(world: World, stack: Stack) -> None:
    await world.send(*calls(300))
    engine = open_database(SecretStr(stack.database_url("ahual_scorer")), pool_size=1)
    try:
        for _ in range(9):
            await replace(world.archivist(), engine=engine).round()
    finally:
        await engine.dispose()
    assert (await standing(world.engine)).dropped == DUE
    assert len(archived(world.archive)) == 300


async def test_only_one_at_a_time(world: World) -> None:
    async with locks.sole(world.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE):
        assert await world.archivist().round() is None


async def test_rebuilds_know_what_is_gone(world: World) -> None:
    await world.send(*calls(600))
    await world.archive_all()
    async with world.engine.connect() as connection:
        horizon = {row.kpi: row.bucket for row in await connection.execute(sa.select(tables.rebuild_horizon))}
    newest = max(FIRST + n * timedelta(minutes=37) for n in range(600) if FIRST + n * timedelta(minutes=37) < DUE)
    assert horizon["2.1"] == newest.replace(second=0) + timedelta(minutes=1)
    assert horizon["2.1"] <= DUE


async def test_without_an_archive_the_scorer_drops_what_is_old(world: World) -> None:
    await world.send(*calls(600))
    retention = LedgerRetention(world.engine, COMPILED, lambda: NOW)
    for _ in range(9):
        await retention.drop_old(CITIES)
    assert (await standing(world.engine)).dropped == DUE
    assert 0 < await world.ledger() < 600
    async with world.engine.connect() as connection:
        horizon = {row.kpi: row.bucket for row in await connection.execute(sa.select(tables.rebuild_horizon))}
    assert horizon["2.1"] <= DUE
    outcome = await world.send(call(0, FIRST))
    assert (outcome.stored, outcome.rejected) == (0, 1)


async def test_once_there_is_an_archive_the_scorer_drops_nothing_itself(world: World) -> None:
    await world.send(*calls(60))
    for _ in range(2):
        await world.archivist().round()
    with pytest.raises(ArchiveError, match="not_configured"):
        await LedgerRetention(world.engine, COMPILED, lambda: NOW).drop_old(CITIES)
    assert await world.ledger() == 60


async def test_the_scorer_measures_what_waits(world: World) -> None:
    from services.runtime.metrics import Metrics

    async with world.engine.begin() as connection:
        await connection.execute(sa.update(tables.ledger_floor).values(floor=DUE))
    metrics = Metrics()
    await ledger_retention.measure(world.engine, lambda: NOW, metrics)
    read = metrics.registry.get_sample_value
    assert read("ahual_ledger_days_below_floor", {"event_class": "department"}) == 8
    assert read("ahual_ledger_floor_age_seconds", {"event_class": "department"}) == (NOW - DUE).total_seconds()
