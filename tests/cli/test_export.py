"""`ahual export` as an operator and cron run it: what it says, and what it exits with."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from schemas import tables
from schemas.delivery import CSV
from services.cli.main import build
from services.export import verify
from services.export.schedule import EXPORT_LOCK
from tests.export.stored import KEY, store, value
from tests.waiting import eventually

pytestmark = pytest.mark.stack
MIDNIGHT: Final = datetime(2024, 2, 29, 19, tzinfo=UTC)
"""In Karaganda's time; long ago by any clock."""
FIRST: Final = "karaganda/day/2024-03-01/r0001"
HEAD: Final = "city,kpi,period,name,status,value,answered_at,reference\n"
SAID: Final = "karaganda,2.1,day,2024-03-01,confirmed,19.25,2024-03-05T10:00:00+05:00,SDU-7\n"


def day(kpi: str, number: float, after: int = 0, revision: int = 1) -> dict[str, Any]:
    """A value of the day so many days after the first."""
    begin = MIDNIGHT + timedelta(days=after)
    end = begin + timedelta(days=1)
    name = f"{begin + timedelta(hours=5):%Y-%m-%d}"
    return value(kpi, number, revision, at=end + timedelta(minutes=5), name=name, begin=begin, end=end)


@pytest.fixture
async def folder(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Where deliveries go; one day waits."""
    key, public = tmp_path / "export.key", tmp_path / "export.pub"
    key.write_bytes(KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    monkeypatch.setenv("AHUAL_DATABASE_URL", database_url.get_secret_value())
    monkeypatch.setenv("AHUAL_EXPORT_FOLDER", str(tmp_path / "deliveries"))
    monkeypatch.setenv("AHUAL_EXPORT_KEY_FILE", str(key))
    async with database.connect() as connection:
        await store(connection, day("2.1", 19.25), day("1.8", 90.0))
    return tmp_path / "deliveries"


async def ahual(*arguments: str) -> tuple[int, str]:
    """Run it; it has an event loop of its own."""
    result = await asyncio.to_thread(CliRunner().invoke, build(), ["export", *arguments])
    return result.exit_code, result.output


async def test_what_is_due_is_made_once_and_listed(folder: Path) -> None:
    code, said = await ahual()
    assert (code, said.splitlines()[0]) == (0, FIRST)
    assert (folder / FIRST / CSV).is_file()
    code, told = await ahual("--json")
    assert (code, json.loads(told)) == (0, {"made": [], "ways": [], "waiting": [], "held": {}, "damaged": []})
    assert FIRST in (await ahual("list", "--without-receipt"))[1]
    assert (await ahual("receipt", "karaganda", "day", "2024-03-01", "1", "SDU-2024-17"))[0] == 0
    assert FIRST not in (await ahual("list", "--without-receipt"))[1]
    (row,) = json.loads((await ahual("list", "--json"))[1])
    assert (row["name"], row["receipt"], row["sent"]) == ("2024-03-01", "SDU-2024-17", [])
    assert (await ahual("receipt", "karaganda", "day", "2024-03-01", "2", "x"))[0] == 1


async def test_answers_of_sdu_are_taken_whole_or_not_at_all(folder: Path, tmp_path: Path) -> None:
    await ahual()
    answers = tmp_path / "answers.csv"
    answers.write_text(HEAD + SAID + SAID.replace("confirmed", "perhaps"), "utf-8")
    code, said = await ahual("answers", str(answers))
    assert (code, "3" in said, "status" in said) == (1, True, True)
    assert json.loads((await ahual("list", "--json"))[1])[0]["answers"] == {"confirmed": 0, "corrected": 0}
    answers.write_text(HEAD + SAID, "utf-8")
    for _ in range(2):
        assert (await ahual("answers", str(answers)))[0] == 0
        assert json.loads((await ahual("list", "--json"))[1])[0]["answers"] == {"confirmed": 1, "corrected": 0}
    assert (await ahual("answers", str(tmp_path / "none.csv")))[0] == 1


async def test_verify_finds_what_was_touched_on_disk_or_in_the_database(folder: Path, database: AsyncEngine) -> None:
    await ahual()
    key = ("--public-key", str(folder.parent / "export.pub"))
    assert (await ahual("verify", str(folder)))[0] == 0
    assert (await ahual("verify", str(folder / FIRST), *key, "--rebuild"))[0] == 0
    async with database.begin() as connection:
        await connection.execute(
            sa.update(tables.closed_period).where(tables.closed_period.c.kpi == "2.1").values(value=7)
        )
    assert (await ahual("verify", str(folder), *key))[0] == 0  # the folder is as it was signed
    code, said = await ahual("verify", str(folder), *key, "--rebuild")
    assert (code, FIRST in said) == (1, True)
    (folder / FIRST / CSV).write_bytes(b"another")
    code, said = await ahual("verify", str(folder), *key)
    assert (code, f"{FIRST}/{CSV}" in said) == (1, True)
    assert (await ahual("verify", str(folder.parent)))[0] == 1
    assert (await ahual("verify", str(folder.parent / "nowhere")))[0] == 1


async def test_one_is_not_made_two_wrong_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("AHUAL_DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:1/none")
        assert (await ahual())[0] == 1
    with monkeypatch.context() as patched:
        patched.setenv("AHUAL_EXPORT_KEY_FILE", str(folder / "none.key"))
        code, said = await ahual()
        assert (code, "none.key" in said) == (2, True)
        patched.delenv("AHUAL_EXPORT_FOLDER")
        code, said = await ahual()
        assert (code, "AHUAL_EXPORT_FOLDER" in said) == (2, True)
    assert verify.deliveries(folder) == []
    assert (await ahual())[0] == 0


async def test_one_is_a_delivery_that_was_damaged_on_disk(folder: Path, database: AsyncEngine) -> None:
    await ahual()
    (folder / FIRST / CSV).write_bytes(b"another")
    async with database.connect() as connection:
        await store(connection, day("2.1", 20.0, revision=2) | {"computed_at": datetime.now(UTC)})
    code, said = await ahual()
    assert (code, FIRST in said, CSV in said) == (1, True, True)
    code, told = await ahual("--json")
    assert (code, FIRST in json.loads(told)["damaged"][0]) == (1, True)


async def test_three_is_a_way_out_that_did_not_take_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ways, share = folder.parent / "ways.yaml", folder.parent / "share"
    ways.write_text(f"ways: [{{kind: directory, name: share, path: {share}}}]", "utf-8")
    monkeypatch.setenv("AHUAL_EXPORT_WAYS", str(ways))
    code, said = await ahual()
    assert (code, FIRST in said, "share: " in said) == (3, True, True)
    share.mkdir()
    assert (await ahual())[0] == 0
    assert verify.check(share / FIRST, KEY.public_key()) == []


async def test_a_city_that_another_export_is_at_is_named_with_who_holds_it(folder: Path, database: AsyncEngine) -> None:
    async with database.connect() as hanging:
        pid = (await hanging.execute(sa.text("SELECT pg_backend_pid()"))).scalar_one()
        await hanging.execute(sa.text(f"SELECT pg_advisory_lock({EXPORT_LOCK}, hashtext('karaganda'))"))
        await hanging.commit()
        code, said = await ahual()
        assert (code, f"pg_terminate_backend({pid})" in said, FIRST in said) == (3, True, False)
        assert json.loads((await ahual("--json"))[1])["held"]["karaganda"]["pid"] == pid
        await hanging.execute(sa.text("SELECT pg_advisory_unlock_all()"))
    assert (await ahual())[0] == 0


async def test_watching_catches_up_with_what_was_missed_and_goes_on(folder: Path, database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await store(connection, *(day("2.1", 20.0 + after, after) for after in (1, 2)))
    ahual = Path(sys.executable).parent / "ahual"
    env = {**os.environ, "AHUAL_EXPORT_PAUSE_S": "1"}
    process = await asyncio.create_subprocess_exec(ahual, "export", "--watch", env=env)

    async def made(count: int) -> bool:
        return len(verify.deliveries(folder)) == count

    try:
        await eventually(lambda: made(3), within_s=60)
        async with database.connect() as connection:
            await store(connection, {**day("2.1", 21.0, 1, revision=2), "computed_at": datetime.now(UTC)})
        await eventually(lambda: made(4), within_s=60)
        process.terminate()
        assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert verify.deliveries(folder)[2] == folder / "karaganda/day/2024-03-02/r0002"
    assert [finding for place in verify.deliveries(folder) for finding in verify.check(place, KEY.public_key())] == []
