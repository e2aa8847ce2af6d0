"""`ahual archive` and `ahual import` as an operator runs them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from schemas import tables
from services.cli.main import build
from tests.chaos import disks
from tests.scorer.old_days import FIRST, NOW, World, call, calls, set_floor, standing

pytestmark = pytest.mark.stack
LATE = FIRST + timedelta(days=2, minutes=11)


@pytest.fixture
async def world(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    before = await standing(database)
    await set_floor(database, FIRST)
    monkeypatch.setenv("AHUAL_DATABASE_URL", database_url.get_secret_value())
    monkeypatch.setenv("AHUAL_ARCHIVE_FOLDER", str(tmp_path / "archive"))
    made = World(database, tmp_path / "archive")
    await made.enter()
    yield made
    await set_floor(database, before.first)


async def ahual(*arguments: str) -> tuple[int, str]:
    """Run a command; it has an event loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, build(), list(arguments))
    return result.exit_code, result.output


async def test_the_way_of_an_event_that_is_too_old(world: World, tmp_path: Path) -> None:
    await world.send(*calls(250))
    assert (await ahual("archive"))[0] == 0
    code, output = await ahual("archive", "--check", "--json")
    assert (code, json.loads(output)["problems"]) == (0, [])
    late = [call(1000 + n, LATE + timedelta(minutes=n)) for n in range(5)]
    await world.send(*late)
    code, output = await ahual("import", "--dead-letters", "--json")
    assert (code, json.loads(output)["stored"]) == (0, 5)
    assert await world.parts() == world.model.parts("day")  # a trial
    for body in late:
        world.model.take(-1, body, NOW)
    for expected in (5, 0):
        code, output = await ahual("import", "--revise", "--dead-letters", "--json")
        assert (code, json.loads(output)["stored"]) == (0, expected)
        assert await world.parts() == world.model.parts("day")
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join([*late, call(1005, LATE), b"{}"]))
    world.model.take(-1, call(1005, LATE), NOW)
    code, output = await ahual("import", "--revise", str(file))
    assert code == 1
    assert "Added: 1; known before: 5; rejected: 1." in output
    assert await world.parts() == world.model.parts("day")
    assert (await ahual("archive", "--check"))[0] == 0


async def test_a_damaged_archive_is_said_and_refused(world: World) -> None:
    await world.send(*calls(250))
    await ahual("archive")
    [path] = world.archive.files("department", LATE.date())
    path.write_bytes(path.read_bytes()[:-9])
    code, output = await ahual("archive", "--check")
    assert code == 1
    assert f"{path} is damaged" in output


async def test_a_rebuild_reads_ledger_and_archive(world: World, tmp_path: Path) -> None:
    await world.send(*calls(250))
    await ahual("archive")
    late = [call(1000 + n, LATE + timedelta(minutes=n)) for n in range(5)]
    file = tmp_path / "events.jsonl"
    for bodies in (late[:3], late[3:]):  # of which only the first are archived
        file.write_bytes(b"\n".join(bodies))
        assert (await ahual("import", "--revise", str(file)))[0] == 0
        if bodies == late[:3]:
            assert (await ahual("archive"))[0] == 0
    for body in late:
        world.model.take(-1, body, NOW)
    assert (await ahual("rebuild", "--json"))[0] == 0
    part = tables.parts["day"]
    wrong = sa.update(part).where(part.c.kpi == "2.1", part.c.partition == -1).values(numerator=part.c.numerator + 7)
    async with world.engine.begin() as connection:
        await connection.execute(wrong)
    code, output = await ahual("rebuild", "--kpi", "2.1", "--json")
    [found] = json.loads(output)["differences"]
    assert (code, found["partition"], found["table"], found["sums"]["numerator"]) == (1, -1, "part_day", -7)
    assert (await ahual("rebuild", "--kpi", "2.1", "--apply"))[0] == 0
    assert await world.parts() == world.model.parts("day")
    *_, path = world.archive.files("department", LATE.date())
    path.write_bytes(path.read_bytes()[:-9])
    code, output = await ahual("rebuild")
    assert code == 1
    assert f"{path} is damaged" in output


async def test_what_is_missing_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await ahual("import", "--revise"))[0] == 2
    assert (await ahual("import", "--dead-letters", "nothing.jsonl"))[0] == 2
    assert (await ahual("import", "nothing.jsonl"))[0] == 1
    monkeypatch.delenv("AHUAL_ARCHIVE_FOLDER")
    code, output = await ahual("archive")
    assert (code, "AHUAL_ARCHIVE_FOLDER" in output) == (2, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
async def test_a_full_disk_is_named_as_such(world: World, tmp_path: Path) -> None:
    await world.send(*calls(250))
    with disks.mounted(tmp_path / "archive", megabytes=2):
        disks.fill(tmp_path / "archive")
        code, output = await ahual("archive")
        assert code == 1
        assert f"The disk of {tmp_path / 'archive'} is full: nothing was dropped." in output
        disks.make_room(tmp_path / "archive")
        assert (await ahual("archive"))[0] == 0
