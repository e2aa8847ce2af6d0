"""Rebuilding what is partly in the archive: equal where nothing is wrong, exactly what is wrong where something is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.cityscore.catalogue import load_catalogue
from services.runtime import locks
from services.scorer import floors, rebuild
from services.scorer.archive import Archive
from services.scorer.errors import ArchiveError
from services.scorer.history import History
from services.scorer.imported import IMPORTED
from services.scorer.ledger_retention import LedgerRetention
from services.scorer.rebuild import Rebuilder
from services.scorer.refolding import EVER, Scope
from tests.scorer.old_days import CITIES, COMPILED, DUE, FIRST, NOW, World, call, calls, set_floor, standing
from tests.scorer.test_rebuild import adopted, everything

pytestmark = pytest.mark.stack
PARTITIONS = (0, 1, IMPORTED)
HOUR = timedelta(hours=1)


@pytest.fixture
async def bare(database: AsyncEngine, database_url: SecretStr, tmp_path: Path) -> AsyncIterator[World]:
    """Fifteen days of calls, of which the ledger is to forget eight."""
    before = await standing(database)
    await set_floor(database, FIRST)
    made = World(database, tmp_path / "archive")
    await made.enter()
    sent = list(calls(600))
    for begin in range(0, 600, 100):
        await made.send(*sent[begin : begin + 100], partition=begin // 100 % 2)
    for partition in (0, 1):
        await adopted(database, partition, rebuilder(made, database_url))
    yield made
    async with database.begin() as connection:
        await connection.execute(sa.delete(tables.rebuild_horizon))
    await set_floor(database, before.first)


@pytest.fixture
async def world(bare: World) -> World:
    """Eight days are archived: with late corrections and imports, archived too or not yet."""
    await bare.archive_all()
    archived = FIRST + 30 * timedelta(minutes=37)
    correction = {"supersedesid": "call-30", "supersedestime": archived.isoformat()}
    first = [call(1000, FIRST + 5 * HOUR), call(1001, DUE + 3 * HOUR), call(1002, archived, 99, **correction)]
    await imported(bare, *first)
    await bare.archive_all()
    await imported(bare, call(1003, FIRST + 7 * HOUR))
    return bare


async def imported(world: World, *bodies: bytes) -> None:
    assert (await world.import_(*bodies)).stored == len(bodies)
    for body in bodies:
        world.model.take(IMPORTED, body, NOW)


def rebuilder(world: World, url: SecretStr, archive: Archive | None = None) -> Rebuilder:
    return Rebuilder(url, load_catalogue(), CITIES, lambda: NOW, archive=archive)


def reading(world: World, url: SecretStr) -> Rebuilder:
    """A rebuilder that trusts no file yet."""
    return rebuilder(world, url, Archive(world.archive.folder))


async def damage(world: World, before: datetime) -> int:
    """Falsify 2.1 in buckets before; how many rows."""
    part = tables.parts["day"]
    change = sa.update(part).where(part.c.kpi == "2.1", part.c.bucket < before)
    async with world.engine.begin() as connection:
        return (await connection.execute(change.values(numerator=part.c.numerator + 7))).rowcount


async def test_every_event_is_read_once(world: World, database_url: SecretStr) -> None:
    bodies: list[bytes] = []
    history = History(CITIES, world.archive)
    async with world.engine.connect() as connection:
        for partition in PARTITIONS:
            async for stored in history.read(connection, partition, *EVER):
                bodies += [event.body for event in stored.events]
    assert len(bodies) == len(set(bodies)) == 604
    assert await world.ledger() < 604


async def test_ledger_and_archive_together_prove_what_is_stored(world: World, database_url: SecretStr) -> None:
    by = reading(world, database_url)
    assert [await by.check(partition, everything(by)) for partition in PARTITIONS] == [[], [], []]
    assert await world.parts() == world.model.parts("day")


async def test_a_corrupted_sum_is_found_and_corrected_whatever_its_age(world: World, database_url: SecretStr) -> None:
    by, rows = reading(world, database_url), await damage(world, DUE)
    assert rows > 8
    without = rebuilder(world, database_url)
    assert [await without.check(partition, everything(without)) for partition in (0, 1)] == [[], []]
    found = [lack for partition in PARTITIONS for lack in await by.check(partition, everything(by))]
    assert {(lack.table, lack.kpi) for lack in found} == {("part_day", "2.1")}
    assert sum(lack.rows for lack in found) == rows
    assert sum(lack.sums["numerator"] for lack in found) == -7 * rows
    applied = [lack for partition in PARTITIONS for lack in await by.apply(partition, everything(by), "somebody")]
    assert applied == found
    assert [await by.check(partition, everything(by)) for partition in PARTITIONS] == [[], [], []]
    assert await world.parts() == world.model.parts("day")
    days = sa.select(tables.changed_day.c.day).where(tables.changed_day.c.kpi == "2.1").distinct()
    async with world.engine.connect() as connection:
        assert len((await connection.execute(days)).all()) >= 8


async def test_a_range_reads_the_days_it_needs(world: World, database_url: SecretStr) -> None:
    await damage(world, DUE)
    by = reading(world, database_url)
    begin, end = FIRST + 2 * 24 * HOUR, FIRST + 4 * 24 * HOUR
    scope = Scope(frozenset({"2.1"}), frozenset(CITIES), begin, end)
    broken(world, DUE.date() - timedelta(days=1))
    for partition in (0, 1):
        found = await by.apply(partition, scope, "somebody")
        assert all(begin <= lack.first <= lack.last < end for lack in found)
        assert await by.check(partition, scope) == []
    with pytest.raises(ArchiveError):
        await by.check(0, everything(by))


def broken(world: World, day: date) -> Path:
    """A file of that day whose bytes are not those that were written."""
    [path] = world.archive.files("department", day)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    return path


@pytest.mark.parametrize("problem", ["damaged", "missing"])
async def test_a_bad_file_stops_with_its_name(world: World, database_url: SecretStr, problem: str) -> None:
    path = broken(world, FIRST.date() + timedelta(days=3))
    if problem == "missing":
        path.unlink()
    await damage(world, DUE)
    before = await world.parts()
    by = reading(world, database_url)
    for run in (by.check(0, everything(by)), by.apply(0, everything(by), "somebody")):
        with pytest.raises(ArchiveError) as refused:
            await run
        assert (refused.value.path, refused.value.problem) == (path, problem)
    assert await world.parts() == before


async def test_what_was_dropped_without_an_archive_is_left_alone(bare: World, database_url: SecretStr) -> None:
    retention = LedgerRetention(bare.engine, COMPILED, lambda: NOW)
    for _ in range(9):
        await retention.drop_old(CITIES)
    async with bare.engine.connect() as connection:
        horizons = await rebuild.horizons_of(connection, archived=True)
        assert horizons == await rebuild.horizons_of(connection)
    assert DUE - HOUR < horizons["2.1"] <= DUE
    rows = await damage(bare, DUE)
    by = reading(bare, database_url)
    scope = Scope(frozenset({"2.1"}), frozenset(CITIES))
    found = [lack for partition in (0, 1) for lack in await by.check(partition, scope)]
    assert rows > 8
    assert all(lack.first >= horizons["2.1"] for lack in found)


async def test_it_waits_for_whoever_works_on_the_archive(world: World, database_url: SecretStr) -> None:
    by = reading(world, database_url)
    async with locks.sole(world.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE):
        check = asyncio.create_task(by.check(0, everything(by)))
        done, _ = await asyncio.wait([check], timeout=0.5)
        assert not done
    assert await check == []
