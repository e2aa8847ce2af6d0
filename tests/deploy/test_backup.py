"""A database that comes back from its backup reads Kafka on from there and ends with the right numbers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from deploy.stack import Stack, StackError
from simulators.faults import Faults
from simulators.load import Load
from tests.chaos import tables, trial
from tests.chaos.wiring import own_city, services_through_proxies
from tests.conftest import free_slot
from tests.installation import own_stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def own() -> Iterator[Stack]:
    """A stack that may lose its database."""
    with free_slot() as (folder, ports), own_stack(folder.with_name(f"{folder.name}-backup"), ports) as stack:
        yield stack


def test_what_came_after_the_backup_is_read_from_kafka_again(own: Stack, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    first = 33_800 + 10 * Random(own.ports.mqtt).randrange(20)
    with own_city(own, kept=True) as installation:
        with services_through_proxies(own, first) as wired:
            load = Load(
                installation.city, seed=1, rate=500, duration_s=6, faults=Faults(duplicates=0.02, disorder=0.05)
            )
            report = trial.Report(load)

            async def load_and_back_up() -> None:
                nonlocal report
                sending = asyncio.create_task(trial.run(wired, installation, load, ()))
                await asyncio.sleep(3)
                await asyncio.to_thread(own.backup, backup)
                report = await sending

            asyncio.run(load_and_back_up())
            assert report.good, tables.sums([report])
        with pytest.raises(StackError, match="ahual stack down"):
            own.restore(backup)
        own.down()
        old = own.restore(backup)
        assert old is not None
        assert (old / "PG_VERSION").exists(), "a restore deletes nothing"
        own.up()
        with services_through_proxies(own, first):
            asyncio.run(trial.check(installation, report))
    assert report.good, tables.sums([report])


def test_a_damaged_backup_is_refused(own: Stack, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    own.up()
    own.backup(backup)
    with pytest.raises(StackError, match="not empty"):
        own.backup(backup)
    victim = next(path for path in (backup / "postgres" / "base").rglob("*") if path.is_file() and path.stat().st_size)
    victim.write_bytes(b"\0" + victim.read_bytes()[1:] + b"\0")
    own.down()
    with pytest.raises(StackError, match=victim.name):
        own.restore(backup)
    with pytest.raises(StackError, match="no copy"):
        own.restore(tmp_path)
