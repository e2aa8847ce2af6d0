"""What is too old comes back by an import, once, and the figures are those of the plain truth."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.dead_letter import Reason
from services.scorer import archive_index
from services.scorer.errors import ArchiveError
from services.scorer.imported import IMPORTED
from services.scorer.ledger_retention import LedgerRetention
from tests.scorer.events import PREFIX
from tests.scorer.old_days import CITIES, COMPILED, FIRST, NOW, World, call, calls, set_floor, standing

pytestmark = pytest.mark.stack
LATE = FIRST + timedelta(days=2, minutes=11)


@pytest.fixture
async def world(database: AsyncEngine, tmp_path: Path) -> AsyncIterator[World]:
    before = await standing(database)
    await set_floor(database, FIRST)
    made = World(database, tmp_path / "archive")
    await made.enter()
    yield made
    await set_floor(database, before.first)


async def same(world: World) -> None:
    """The database says what the truth says."""
    assert await world.parts() == world.model.parts("day")


def retraction(number: int, of: int, at: object) -> bytes:
    """An event that takes another one back."""
    moment = at.isoformat() if hasattr(at, "isoformat") else str(at)
    time = moment.replace("+00:00", "Z")
    return (
        f'{{"specversion":"1.0","id":"retraction-{number}","source":"/karaganda/contact-centre/pbx-1",'
        f'"type":"{PREFIX}call-answered.v1","time":"{time}","supersedesid":"call-{of}","supersedestime":"{time}"}}'
    ).encode()


async def test_what_is_too_old_is_imported_once(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    late = [call(1000 + n, LATE + timedelta(minutes=n), wait_s=5 + n) for n in range(20)]
    outcome = await world.send(*late)
    assert (outcome.stored, outcome.rejected) == (0, 20)
    await same(world)
    for body in late:
        world.model.take(IMPORTED, body, NOW)
    known = list(calls(250))[50:60]
    imported = await world.import_(*late, *known, late[3])
    assert (imported.stored, imported.duplicate, imported.rejected) == (20, 11, [])
    await same(world)
    for _ in range(2):  # at once, and after it went to the archive
        again = await world.import_(*late, *known)
        assert (again.stored, again.duplicate) == (0, 30)
        assert (await world.archive_all()).rows in (20, 0)
        await same(world)
    assert len(list(world.archive.files("department", LATE.date()))) == 2
    assert not [problem for _, problems in world.archive.check() for problem in problems]


async def test_killed_in_the_middle_it_is_run_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    late = [call(1000 + n, LATE + timedelta(minutes=n)) for n in range(30)]

    class KilledError(Exception):
        pass

    def killed(*_: object) -> None:
        raise KilledError

    await world.import_(*late[:10])
    with monkeypatch.context() as patched:
        patched.setattr(archive_index, "add_to", killed)
        with pytest.raises(KilledError):
            await world.import_(*late[10:20])
    for begin in (0, 10, 20):
        await world.import_(*late[begin : begin + 10])
    for body in late:
        world.model.take(IMPORTED, body, NOW)
    await same(world)
    assert (await world.archive_all()).rows == 30


@pytest.mark.parametrize("seed", range(4))
async def test_random_imports_equal_the_plain_truth(world: World, seed: int) -> None:
    """Late events, history, corrections and repetitions, with the archivist at work in between."""
    rng = random.Random(seed)
    live = [call(n, FIRST + timedelta(hours=3 * n), wait_s=rng.randrange(100)) for n in range(100)]
    old: list[bytes] = []
    for n in range(60):
        at = FIRST + timedelta(hours=rng.randrange(-2000, 180), minutes=rng.randrange(60))
        old.append(call(1000 + n, at, wait_s=rng.randrange(100)))
    for n in rng.sample(range(60), 20):  # corrections of live events, dropped ones among them
        at = FIRST + timedelta(hours=3 * n)
        named = {"supersedesid": f"call-{n}", "supersedestime": at.isoformat()}
        old += [call(2000 + n, at, wait_s=rng.randrange(100), **named)]
    await world.send(*live[:50])
    await world.send(*live[50:], partition=1)
    await world.archive_all()
    rng.shuffle(old)
    for begin in range(0, len(old), 16):
        part = old[begin : begin + 16]
        for body in part:
            world.model.take(IMPORTED, body, NOW)
        await world.import_(*part, *rng.sample(old[: begin + 1], min(begin + 1, 5)))
        if rng.random() < 0.5:
            await world.archive_all()
        await same(world)
    await world.archive_all()
    assert (await world.import_(*old)).stored == 0
    await same(world)


async def test_a_retraction_of_what_only_the_archive_has(world: World) -> None:
    await world.send(*(call(n, FIRST + timedelta(hours=n)) for n in range(200)))
    await world.archive_all()
    body = retraction(1, 5, FIRST + timedelta(hours=5))
    world.model.take(IMPORTED, body, NOW)
    assert (await world.import_(body)).stored == 1
    await same(world)
    await world.archive_all()
    assert (await world.import_(body)).duplicate == 1
    other = call(900, FIRST, supersedesid="call-5", supersedestime=(FIRST + timedelta(hours=5)).isoformat())
    refused = await world.import_(other)
    assert [rejected.reason for rejected in refused.rejected] == [Reason.CONFLICT]
    await same(world)


async def test_an_original_that_comes_after_its_retraction_was_archived(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    for body in (retraction(1, 777, LATE), call(777, LATE)):
        world.model.take(IMPORTED, body, NOW)
        assert (await world.import_(body)).stored == 1
        await world.archive_all()
        await same(world)


async def test_other_content_is_a_conflict(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    refused = await world.import_(call(3, FIRST + timedelta(minutes=3 * 37), wait_s=77))
    assert [rejected.reason for rejected in refused.rejected] == [Reason.CONFLICT]
    await same(world)


async def test_latency_is_not_that_of_the_import(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    await world.import_(call(1000, LATE, recordedtime=LATE.isoformat()))
    cells = await world.parts()
    assert "1.1" not in {kpi for _, kpi, *_ in cells}
    again = call(1001, LATE, supersedesid="call-1000", supersedestime=LATE.isoformat())
    await world.import_(again)
    assert "1.1" not in {kpi for _, kpi, *_ in await world.parts()}


async def test_readers_closed_periods_and_reconciliation_hear_of_it(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    async with world.engine.begin() as connection:
        await connection.execute(sa.delete(tables.changed_day))
    await world.import_(call(1000, LATE), b"nothing")
    async with world.engine.connect() as connection:
        marks = (await connection.execute(sa.select(tables.kpi_mark).where(tables.kpi_mark.c.partition == -1))).all()
        days = (await connection.execute(sa.select(tables.changed_day))).all()
        query = sa.text("SELECT passed, stored, rejected, difference FROM v_reconciliation WHERE partition = -1")
        booked = (await connection.execute(query)).one()
        hours = (
            await connection.execute(sa.text("SELECT count(*) FROM source_activity WHERE partition = -1"))
        ).scalar()
        devices = (
            await connection.execute(sa.text("SELECT count(*) FROM source_device WHERE partition = -1"))
        ).scalar()
    assert {mark.kpi for mark in marks} >= {"1.8", "2.1"}
    assert {row.day.date() for row in days} == {LATE.date() - timedelta(days=1)}  # the city's midnight, in UTC
    assert tuple(booked) == (2, 1, 1, 0)
    assert (hours, devices) == (1, 0)


async def test_dead_letters_are_settled_with_their_import(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    late = [call(1000 + n, LATE + timedelta(minutes=n)) for n in range(3)]
    await world.send(*late)
    c = tables.dead_letter.c
    async with world.engine.connect() as connection:
        letters = (await connection.execute(sa.select(c.id, c.payload).order_by(c.id))).all()
    ids = tuple(letter.id for letter in letters)
    bodies = [bytes(letter.payload) for letter in letters]
    assert bodies == late
    trial = await world.import_(*bodies, letters=ids, trial=True)
    assert trial.stored == 3
    await same(world)
    await world.import_(*bodies[:2], b"broken", letters=ids)
    async with world.engine.connect() as connection:
        left = (await connection.scalars(sa.select(c.id).where(c.replayed_at.is_(None)))).all()
    assert list(left) == [ids[2]]


async def test_days_dropped_without_an_archive_are_refused(world: World) -> None:
    await world.send(*calls(250))
    retention = LedgerRetention(world.engine, COMPILED, lambda: NOW)
    for _ in range(9):
        await retention.drop_old(CITIES)
    history = call(2000, FIRST - timedelta(days=90))
    done = await world.import_(call(1000, LATE), history)
    assert [rejected.reason for rejected in done.rejected] == [Reason.TOO_OLD]
    assert done.stored == 1
    await world.archive_all()
    assert (await world.import_(history)).duplicate == 1


async def test_a_damaged_archive_imports_nothing(world: World) -> None:
    await world.send(*calls(250))
    await world.archive_all()
    [path] = world.archive.files("department", LATE.date())
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArchiveError, match="damaged"):
        await world.import_(call(1000, LATE))
    path.unlink()
    with pytest.raises(ArchiveError, match="missing"):
        await world.import_(call(1000, LATE))
    await same(world)
