"""The stable views: what docs/grafana.md says of them, who sees which city, states as the API judges them."""

# ruff: noqa: S608 -- our own names

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack, postgres
from schemas import access, tables
from schemas.sources import load_source_limits
from services.api import source_states
from services.runtime.database import open_database

pytestmark = pytest.mark.stack
PAGE = (Path(__file__).parents[2] / "docs" / "grafana.md").read_text("utf-8")
NOW = datetime.now(UTC)


@pytest.fixture
async def reader(stack: Stack, database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    engine = open_database(SecretStr(stack.database_url("ahual_reader")), pool_size=1)
    yield engine
    await engine.dispose()


def documented() -> dict[str, set[str]]:
    """The columns of each view by the page's tables."""
    sections = re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]
    rows = {section.split("\n")[0]: re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for section in sections}
    return {view: set(re.findall(r"`(\w+)`", " ".join(found))) for view, found in rows.items()}


async def test_the_page_names_every_column_of_every_view(reader: AsyncEngine) -> None:
    query = sa.text("SELECT table_name, column_name FROM information_schema.columns WHERE table_name = ANY(:views)")
    found: dict[str, set[str]] = {}
    async with reader.connect() as connection:
        for view, column in await connection.execute(query, {"views": list(access.VIEWS)}):
            found.setdefault(view, set()).add(column)
    assert found == documented()
    assert found.keys() == set(access.VIEWS)


async def test_a_citys_own_role_sees_that_city_alone(stack: Stack, database: AsyncEngine) -> None:
    """By the statements of the page, to the letter."""
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    heard = {"city": "almaty", "system": "heat", "bucket": NOW, "partition": 0, "events": 1, "newest": NOW}
    async with database.begin() as connection:
        rows = [heard, {**heard, "city": "karaganda"}, {**heard, "city": "nowhere"}]
        await connection.execute(sa.insert(tables.source_activity), rows)
    administrator = await postgres._connect(stack.ports, stack._passwords(), postgres.DATABASE, stack.certs)
    try:
        await administrator.execute(block)
        await administrator.execute("SET ROLE grafana_karaganda")
        for view in ("v_city", "v_activity"):
            assert [row["city"] for row in await administrator.fetch(f"SELECT city FROM {view}")] == ["karaganda"]
        assert await administrator.fetchval("SELECT count(*) FROM v_ledger_floor") == 0
        await administrator.execute("RESET ROLE; DELETE FROM city_reader WHERE role = 'grafana_karaganda'")
        await administrator.execute("SET ROLE grafana_karaganda")
        assert await administrator.fetch("SELECT city FROM v_activity") == []
    finally:
        await administrator.execute("RESET ROLE; DELETE FROM city_reader WHERE role = 'grafana_karaganda'")
        await administrator.execute("DROP OWNED BY grafana_karaganda; DROP ROLE grafana_karaganda")
        await administrator.close()


async def test_a_clever_condition_does_not_see_other_cities(stack: Stack, database: AsyncEngine) -> None:
    """A function of the reader's own is not asked about rows the view hides: the views are security barriers."""
    async with database.connect() as connection:
        options = await connection.execute(
            sa.text("SELECT relname FROM pg_class WHERE relname = ANY(:v) AND reloptions = '{security_barrier=true}'"),
            {"v": list(access.VIEWS)},
        )
        assert set(options.scalars()) == set(access.VIEWS)


async def test_states_are_those_the_api_judges(reader: AsyncEngine, database: AsyncEngine) -> None:
    heard = {"partition": 0, "first_seen": NOW - timedelta(days=9), "events": 5, "clockless": False}
    heard |= {"gaps": [], "drifts": [], "sequence_seen": [], "sequence_lost": 0, "sequence_restarts": 0, "missing": 0}
    sources = [("contact-centre", 100.0, 0), ("contact-centre", 1e6, 0), ("water", 10.0, 400_000), ("heat", 1e5, 0)]
    rows = [
        {**heard, "city": "almaty", "system": system, "device": f"d{place}", "drift_ms": drift}
        | {name: NOW - timedelta(seconds=age) for name in ("newest_time", "arrived_at", "stored_at")}
        for place, (system, age, drift) in enumerate(sources)
    ]
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.source_device), rows)
        judged = await source_states.counts(connection, load_source_limits(), datetime.now(UTC))
    async with reader.connect() as connection:
        shown = await connection.execute(
            sa.text("SELECT city, system, state, count(*) AS sources FROM v_sources GROUP BY 1, 2, 3 ORDER BY 1, 2, 3")
        )
        assert [tuple(row) for row in shown] == [(r["city"], r["system"], r["state"], r["sources"]) for r in judged]
    assert {row["state"] for row in judged} == {"live", "silent", "drifting"}


async def test_a_period_without_delivery_is_overdue(reader: AsyncEngine, database: AsyncEngine) -> None:
    closed = {
        "kpi": "2.1",
        "period": "day",
        "revision": 1,
        "begin": NOW - timedelta(days=2),
        "end": NOW - timedelta(days=1),
        "name": "yesterday",
        "weight": 1,
        "freshness": "fresh",
        "catalogue_hash": "",
        "computed_at": NOW - timedelta(hours=7),
    }
    query = sa.text("SELECT city, name FROM v_export_overdue")
    async with database.begin() as connection:
        await connection.execute(
            sa.insert(tables.closed_period), [{**closed, "city": c} for c in ("almaty", "karaganda")]
        )
        await connection.execute(sa.insert(tables.delivery_progress), {"city": "almaty", "through": NOW})
    async with reader.connect() as connection:
        assert [tuple(row) for row in await connection.execute(query)] == [("almaty", "yesterday")]
    delivered = {
        "city": "almaty",
        "period": "day",
        "end": closed["end"],
        "revision": 1,
        "name": "yesterday",
        "revisions": {},
        "rows": 1,
        "manifest_sha256": "",
        "generated_at": NOW,
        "stored_at": NOW,
    }
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.delivery), delivered)
    async with reader.connect() as connection:
        assert (await connection.execute(query)).all() == []
