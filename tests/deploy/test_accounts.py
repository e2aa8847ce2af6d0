"""One account per service: each can do its work, and nothing that is another's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.migrations.run import upgrade
from deploy.stack import Stack
from schemas import access, tables
from services.runtime.database import open_database
from services.scorer.retention import drop_old

pytestmark = pytest.mark.stack
REFUSED = {
    "ahual_ingest": [
        "SELECT 1 FROM ledger_department",
        "SELECT 1 FROM dead_letter",
        "SELECT 1 FROM device",
        "SELECT 1 FROM cityscore_current",
        "INSERT INTO api_key (id, sha256, city, system, department) VALUES ('x', '', 'almaty', 's', 'd')",
        "UPDATE api_key SET revoked_at = NULL",
        "DELETE FROM api_key",
    ],
    "ahual_scorer": [
        "SELECT 1 FROM api_key",
        "SELECT 1 FROM device",
        "SELECT 1 FROM access_change",
        "UPDATE city SET category = 'republican'",
        "SELECT public.drop_chunks('cityscore'::regclass, now())",
        "SELECT ahual.drop_chunks('city'::regclass, now())",
        "DROP TABLE part_minute",
        "TRUNCATE ledger_department",
        "ALTER TABLE ledger_department ADD COLUMN x int",
    ],
    "ahual_api": [
        "SELECT 1 FROM api_key",
        "SELECT 1 FROM device",
        "SELECT 1 FROM access_change",
        "SELECT bodies FROM ledger_batch_department",
        "SELECT payload FROM dead_letter",
        "DELETE FROM dead_letter",
        "UPDATE cityscore_current SET revision = 0",
        "INSERT INTO city (code, name, category, timezone) VALUES ('x', '{}', 'regional', 'UTC')",
        "SELECT ahual.drop_chunks('cityscore'::regclass, now())",
    ],
    "ahual_export": [
        "SELECT 1 FROM api_key",
        "SELECT 1 FROM ledger_department",
        "DELETE FROM ledger_batch_department",
        "SELECT 1 FROM dead_letter",
        "UPDATE closed_period SET value = 0",
        "DELETE FROM delivery",
        "DELETE FROM sdu_answer",
    ],
    "ahual_notify": [
        "SELECT 1 FROM api_key",
        "SELECT 1 FROM cityscore_current",
        "SELECT 1 FROM ledger_department",
        "SELECT 1 FROM dead_letter",
        "DELETE FROM notice",
    ],
    "ahual_broker": ["SELECT 1 FROM api_key", "SELECT 1 FROM city", "UPDATE device SET revoked_at = NULL"],
    "ahual_reader": [
        "SELECT 1 FROM api_key",
        "SELECT 1 FROM device",
        "SELECT 1 FROM dead_letter",
        "SELECT bodies FROM ledger_batch_telemetry",
        "DELETE FROM part_day",
    ],
}
HIDDEN = {
    *("access_change", "api_key", "dead_letter", "device"),
    *("ledger_batch_department", "ledger_batch_telemetry", "ledger_department", "ledger_telemetry"),
}
"""What no reader sees: keys, who let whom in, raw events and what was rejected."""
EVERYBODY = ["CREATE TABLE mine (x int)", "CREATE ROLE mine", "SET ROLE ahual", "COPY city TO '/tmp/x'"]


def engine_of(stack: Stack, role: str) -> AsyncEngine:
    return open_database(SecretStr(stack.database_url(role)), pool_size=1)


@pytest.mark.parametrize(("role", "statement"), [(r, s) for r, given in REFUSED.items() for s in (*given, *EVERYBODY)])
async def test_what_an_account_may_not(stack: Stack, role: str, statement: str) -> None:
    engine = engine_of(stack, role)
    try:
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner|may not drop|denied to"):
            async with engine.begin() as connection:
                await connection.execute(sa.text(statement))
    finally:
        await engine.dispose()


async def test_rights_in_the_database_are_those_of_the_file(stack: Stack, database: AsyncEngine) -> None:
    """Every role, table and kind of access: what is granted is what `schemas/access.py` says, no more and no less."""
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    query = sa.text("SELECT has_table_privilege(:role, :name, :kind)")
    async with database.connect() as connection:
        for name in tables.metadata.tables:
            for role in access.ROLES:
                said = access.LISTED.get(name, access.UNLISTED).get(role, "")
                whole = {kind for kind in kinds if kind in said.replace(f"SELECT ({access.LETTER})", "")}
                whole -= {"UPDATE"} if "UPDATE (" in said else set()
                given = {
                    kind for kind in kinds if await connection.scalar(query, {"role": role, "name": name, "kind": kind})
                }
                assert given == whole, (role, name)


async def test_the_reader_reads_figures_and_sources_and_writes_nothing(database: AsyncEngine) -> None:
    """A new table is nobody's to read until somebody says that it is, and never one with secrets or raw events."""
    query = sa.text("SELECT has_table_privilege('ahual_reader', :name, :kind)")
    hidden = set()
    async with database.connect() as connection:
        for name in tables.metadata.tables:
            for kind in ("INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"):
                assert not await connection.scalar(query, {"name": name, "kind": kind}), (name, kind)
            if not await connection.scalar(query, {"name": name, "kind": "SELECT"}):
                hidden.add(name)
    assert hidden >= HIDDEN


@pytest.mark.parametrize("role", [*access.ROLES, "ahual_reader"])
async def test_every_account_looks_for_tables_where_they_are(stack: Stack, role: str) -> None:
    engine = engine_of(stack, role)
    try:
        async with engine.connect() as connection:
            for name in tables.metadata.tables:
                found = await connection.scalar(sa.text("SELECT CAST(to_regclass(:name) AS text)"), {"name": name})
                assert found == name, found
    finally:
        await engine.dispose()


def test_tables_with_secrets_are_listed() -> None:
    """A default must never reach them."""
    for name, table in tables.metadata.tables.items():
        if any(column.name in ("sha256", "password_hash", "body", "bodies", "secret", "token") for column in table.c):
            assert name in access.LISTED, name


async def test_the_scorer_drops_what_is_old_although_it_owns_nothing(stack: Stack, database: AsyncEngine) -> None:
    old = datetime(2020, 1, 1, tzinfo=UTC)
    part = {"city": "almaty", "kpi": "2.1", "bucket": old, "partition": 0, "numerator": 1, "denominator": 1, "count": 1}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.parts["minute"]).values(part))
    engine = engine_of(stack, "ahual_scorer")
    try:
        await drop_old(engine, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    finally:
        await engine.dispose()
    async with database.connect() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(tables.parts["minute"])) == 0


async def test_a_right_that_somebody_gave_by_hand_is_taken_back(stack: Stack, database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await connection.execute(sa.text("GRANT ALL ON device TO ahual_api"))
    await upgrade(SecretStr(stack.env()["AHUAL_DATABASE_URL"]))
    async with database.connect() as connection:
        assert not await connection.scalar(sa.text("SELECT has_table_privilege('ahual_api', 'device', 'SELECT')"))
