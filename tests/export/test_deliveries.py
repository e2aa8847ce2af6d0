"""A delivery comes about once, whole, and a later value makes exactly one more."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.delivery import CSV, MANIFEST, PARQUET, Manifest
from services.cityscore.catalogue import load_catalogue
from services.export import folder, verify
from services.export.deliveries import Delivery, Maker
from services.export.schedule import Exporter
from tests.export.dying import export
from tests.export.stored import CITY, DAY, KEY, LATER, store, value

pytestmark = pytest.mark.stack
HOUR = timedelta(hours=1)
ENOUGH = 10_000
"""Steps on disk; a delivery takes fewer."""


def exporter(engine: AsyncEngine, root: Path) -> Exporter:
    return Exporter(engine, Maker(load_catalogue(), root, KEY), HOUR)


def run(argv: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(argv, capture_output=True, check=False, **options)


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def manifest(root: Path, revision: int) -> Manifest:
    return folder.read_manifest(folder.place(root, CITY.code, DAY.period, DAY.name, revision))


async def made(engine: AsyncEngine, root: Path, at: object = LATER) -> list[int]:
    return [one.revision for one in (await exporter(engine, root).run(at)).made]  # type: ignore[arg-type]


async def test_a_period_is_delivered_once_its_delay_is_over_and_then_never_again(
    database: AsyncEngine, tmp_path: Path
) -> None:
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25), value("1.8", 90.0))
    assert await made(database, tmp_path, DAY.end + timedelta(minutes=59)) == []
    assert await made(database, tmp_path) == [1]
    before = contents(tmp_path)
    for hours in (0, 1, 100):
        assert await made(database, tmp_path, LATER + hours * HOUR) == []
    assert contents(tmp_path) == before
    place = folder.place(tmp_path, CITY.code, DAY.period, DAY.name, 1)
    assert verify.check(place, KEY.public_key()) == []
    done = await asyncio.to_thread(run, ["sha256sum", "-c", "SHA256SUMS"], cwd=place)
    assert done.returncode == 0, done.stderr


async def test_a_late_value_makes_exactly_one_revision_with_its_difference(
    database: AsyncEngine, tmp_path: Path
) -> None:
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25), value("1.8", 90.0))
        await made(database, tmp_path)
        first = contents(tmp_path)
        await store(connection, value("2.1", 20.0, revision=2, at=LATER + HOUR))
    assert await made(database, tmp_path, LATER + 2 * HOUR) == [2]
    assert await made(database, tmp_path, LATER + 3 * HOUR) == []
    second = manifest(tmp_path, 2)
    assert [change.model_dump() for change in second.changes] == [
        {"kpi": "2.1", "before": 19.25, "after": 20.0, "difference": 0.75}
    ]
    assert second.generated_at == LATER + HOUR
    assert first.items() <= contents(tmp_path).items()
    async with database.connect() as connection:
        stored = (await connection.execute(sa.select(tables.delivery).order_by(tables.delivery.c.revision))).all()
    assert [row.revisions for row in stored] == [{"2.1": 1, "1.8": 1}, {"2.1": 2, "1.8": 1}]
    assert second.previous == stored[0].manifest_sha256


async def test_what_was_stored_on_disk_and_not_entered_is_entered_as_it_is(
    database: AsyncEngine, tmp_path: Path
) -> None:
    """Killed between the two; meanwhile a value changed. Nothing on disk may change, and nothing be made twice."""
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25))
        await made(database, tmp_path)
        before = contents(tmp_path)
        await connection.execute(sa.delete(tables.delivery))
        await connection.execute(sa.delete(tables.delivery_progress))
        await connection.commit()
        await store(connection, value("2.1", 21.0, revision=2, at=LATER + HOUR))
    assert await made(database, tmp_path, LATER + 2 * HOUR) == [1, 2]
    assert before.items() <= contents(tmp_path).items()
    assert manifest(tmp_path, 2).changes[0].difference == 1.75


async def test_a_damaged_delivery_stops_its_city_alone_and_is_named(database: AsyncEngine, tmp_path: Path) -> None:
    async with database.connect() as connection:
        other = sa.insert(tables.city).values(code="shymkent", name={}, category="republican", timezone="Asia/Almaty")
        await connection.execute(other)
        await store(connection, value("2.1", 19.25))
        await made(database, tmp_path)
        place = folder.place(tmp_path, CITY.code, DAY.period, DAY.name, 1)
        (place / PARQUET).write_bytes(b"something else")
        await store(connection, value("2.1", 20.0, revision=2, at=LATER), value("2.1", 18.0, city="shymkent", at=LATER))
    done = await exporter(database, tmp_path).run(LATER + HOUR)
    assert [one.problems for one in done.damaged] == [(PARQUET,)]
    assert [one.city for one in done.made] == ["shymkent"]
    assert [finding.problem for finding in verify.check(place, KEY.public_key())] == ["differs"]


async def test_a_value_that_is_stored_while_another_waits_is_not_forgotten(
    database: AsyncEngine, tmp_path: Path
) -> None:
    """The month's delay is not over yet when the day's is."""
    month: dict[str, Any] = {"period": "month", "name": "2026-10", "end": LATER + HOUR, "begin": DAY.begin}
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25), value("2.4", 5.0, **month))
    assert await made(database, tmp_path) == [1]
    found: list[Delivery] = (await exporter(database, tmp_path).run(LATER + 30 * HOUR)).made
    assert [(one.closed.name, one.revision) for one in found] == [("2026-10", 1)]


async def test_no_room_leaves_nothing_behind(
    database: AsyncEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25))
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            await made(database, tmp_path)
    assert contents(tmp_path) == {}
    assert await made(database, tmp_path) == [1]


@pytest.mark.timeout(300)
async def test_killed_at_any_step_it_leaves_no_half_delivery(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path
) -> None:
    """The process dies at its n-th step on disk: at the first, between two files, before and after the rename, not at
    all; then it runs once more and all is well."""
    async with database.connect() as connection:
        await store(connection, value("2.1", 19.25), value("1.8", 90.0))
    key = tmp_path / "key.pem"
    key.write_bytes(_pem())
    whole: dict[str, bytes] = {}
    for steps in (0, 8, 15, 16, 17, ENOUGH):
        root = tmp_path / str(steps)
        env = {
            "AHUAL_DATABASE_URL": database_url.get_secret_value(),
            "AHUAL_EXPORT_FOLDER": str(root),
            "AHUAL_EXPORT_KEY_FILE": str(key),
        }
        assert await asyncio.to_thread(export, env, steps) == (0 if steps == ENOUGH else -signal.SIGKILL)
        assert all(verify.check(place, KEY.public_key()) == [] for place in verify.deliveries(root))
        assert await asyncio.to_thread(export, env) == 0
        whole = whole or contents(root)
        assert contents(root) == whole
        async with database.begin() as connection:
            for table in (tables.delivery, tables.delivery_progress):
                await connection.execute(sa.delete(table))
        shutil.rmtree(root)
    place = f"karaganda/day/{DAY.name}/r0001"
    assert json.loads(whole[f"{place}/{MANIFEST}"])["rows"] == whole[f"{place}/{CSV}"].count(b"\r\n") - 1


def _pem() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
