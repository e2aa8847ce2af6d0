"""The real servers, once per session; a clean database per test. Sessions side by side take a slot each."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.migrations.run import upgrade
from deploy.stack import Ports, Stack, running_stack
from deploy.stack.ports import TEST_OFFSET
from schemas import tables
from services.cli.database import CitiesFile, apply_cities
from services.runtime.database import open_database

CITIES = CitiesFile.model_validate(
    {
        "cities": [
            {
                "code": "karaganda",
                "name": {"kk": "Қарағанды", "ru": "Караганда", "en": "Karaganda"},
                "category": "regional",
                "timezone": "Asia/Almaty",
            },
            {
                "code": "almaty",
                "name": {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"},
                "category": "republican",
                "timezone": "Asia/Almaty",
            },
        ]
    }
)
# Settings that a test makes itself; what the stack starts is told by the stack.
os.environ["AHUAL_ALLOW_PLAINTEXT"] = "true"
KEPT = {"alembic_version", "ledger_floor", "catalogue_version", "city_reader", "source_limit"}


@contextmanager
def free_slot() -> Iterator[tuple[Path, Ports]]:
    """A folder and ports that no other test session on this machine uses: `.stack-test`, 10,000 above the defaults."""
    for slot in range(10):
        folder = Path(f".stack-test-{slot}" if slot else ".stack-test")
        folder.mkdir(exist_ok=True)
        with (Path(gettempdir()) / f"ahual-test-{os.geteuid()}-{slot}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            ports = {name: field.default + TEST_OFFSET + 100 * slot for name, field in Ports.model_fields.items()}
            yield folder, Ports(**ports)
            return
    pytest.fail("ten test sessions are running already")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Mosquitto, Kafka and PostgreSQL, migrated."""
    with free_slot() as (folder, ports), running_stack(folder, ports) as running:
        url = url_of(running)
        try:
            asyncio.run(upgrade(url))
            complete = asyncio.run(has_every_table(url))
        except ProgrammingError:
            complete = False
        if not complete:
            # The folder's database is of a migration that was still being written.
            running.wipe()
            running.up()
            asyncio.run(upgrade(url_of(running)))
        yield running


def url_of(stack: Stack) -> SecretStr:
    """The owner's connection; another one after a wipe."""
    return SecretStr(stack.env()["AHUAL_DATABASE_URL"])


async def has_every_table(url: SecretStr) -> bool:
    """Whether the database has every table and column of `schemas/tables`."""
    engine = open_database(url, pool_size=1)
    try:
        async with engine.connect() as connection:
            rows = await connection.execute(sa.text("SELECT table_name, column_name FROM information_schema.columns"))
            there = {(table, column) for table, column in rows}
    finally:
        await engine.dispose()
    return {(table.name, column.name) for table in tables.metadata.tables.values() for column in table.c} <= there


@pytest.fixture(scope="session")
def database_url(stack: Stack) -> SecretStr:
    """The owner's connection."""
    return SecretStr(stack.env()["AHUAL_DATABASE_URL"])


@pytest.fixture
async def database(database_url: SecretStr) -> AsyncIterator[AsyncEngine]:
    """An engine on empty tables, with two registered cities; empty again afterwards, for services that score them."""
    await empty(database_url)
    await apply_cities(database_url, CITIES)
    engine = open_database(database_url, pool_size=8, application="tests")
    yield engine
    await engine.dispose()
    await empty(database_url)


async def empty(url: SecretStr) -> None:
    """Every table that tests fill. A TRUNCATE costs by the table, so only those are named that hold something."""
    names = [name for name in tables.metadata.tables if name not in KEPT]
    looks = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names)  # noqa: S608
    engine = open_database(url, pool_size=1, application="tests")
    async with engine.begin() as connection:
        filled = set((await connection.execute(sa.text(looks))).scalars()) - {"city"}
        if filled:
            await connection.execute(sa.text(f"TRUNCATE {', '.join(sorted(filled))} RESTART IDENTITY CASCADE"))
        # Nearly every table refers to it, so that to truncate it is to truncate all.
        await connection.execute(sa.text("DELETE FROM city"))
    await engine.dispose()
