"""The observer on the real stack: what it sees is in KPI 1.2, what it counts in the ledger, a `kill -9` is a gap."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Program, Stack
from schemas.identity import Identity
from services.cli.key import add_key
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.scorer import stored_events
from tests.installation import Installation, answers, services_on

EVERY_S = 0.5
pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]
_PARTS = sa.text("""
    SELECT coalesce(sum(numerator), 0)::bigint AS good, coalesce(sum(denominator), 0)::bigint AS seen
    FROM part_minute WHERE city = :city AND kpi = '1.2'
""")


async def key_of(engine: AsyncEngine, installation: Installation) -> str:
    made = await add_key(engine, Identity(installation.city, "situation-centre", "probe"))
    assert made is not None
    return made.text


async def parts(engine: AsyncEngine, installation: Installation) -> tuple[int, int]:
    """Milliseconds with a good page, and all that were watched."""
    async with engine.connect() as connection:
        row = (await connection.execute(_PARTS, {"city": installation.city})).one()
    return row.good, row.seen


async def until(engine: AsyncEngine, installation: Installation, wanted: str, least: int, seconds: float = 60) -> None:
    """Until so many milliseconds of this kind are counted."""
    deadline = time.monotonic() + seconds
    while True:
        good, seen = await parts(engine, installation)
        if {"good": good, "bad": seen - good}[wanted] >= least:
            return
        assert time.monotonic() < deadline, (wanted, good, seen)
        await asyncio.sleep(0.3)


def test_page_down_and_observer_killed(stack: Stack, tmp_path: Path) -> None:
    with services_on(stack) as installation:
        asyncio.run(_observed(stack, installation, tmp_path / "probe.sqlite"))


async def _observed(stack: Stack, installation: Installation, spool: Path) -> None:
    database = open_database(installation.database_url, application="tests")
    env = {
        "AHUAL_PROBE_KEY": await key_of(database, installation),
        "AHUAL_PROBE_CITY": installation.city,
        "AHUAL_PROBE_EVERY_S": str(EVERY_S),
        "AHUAL_PROBE_SPOOL": str(spool),
    }
    argv = (str(Path(sys.executable).parent / "ahual"), "probe")
    try:
        await asyncio.to_thread(stack.start, Program(name="probe", argv=argv, env=env))
        await until(database, installation, "good", 3_000)
        await _page_down(stack, database, installation)
        await _killed(stack, database, installation)
        await asyncio.to_thread(stack.stop, "probe")
        await _nothing_overlaps(database, installation)
    finally:
        await asyncio.to_thread(stack.stop, "probe")
        await database.dispose()


async def _page_down(stack: Stack, database: AsyncEngine, installation: Installation) -> None:
    before = await parts(database, installation)
    await asyncio.to_thread(stack.stop, "api")
    await asyncio.sleep(3)
    await asyncio.to_thread(stack.restart, "api")
    await until(database, installation, "bad", before[1] - before[0] + 2_000)
    good, _ = await parts(database, installation)
    await until(database, installation, "good", good + 2_000)
    assert answers(stack.ports.api)


async def _killed(stack: Stack, database: AsyncEngine, installation: Installation) -> None:
    pid = stack.pid("probe")
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    good, _ = await parts(database, installation)
    await until(database, installation, "good", good + 3_000)


async def _nothing_overlaps(database: AsyncEngine, installation: Installation) -> None:
    """Every millisecond is told once, and the killed observer left a gap; read from the events as they were stored."""
    told = await _told(database, f"/{installation.city}/situation-centre/probe")
    probed = sorted(
        (datetime.fromisoformat(data["begun_at"]), datetime.fromisoformat(data["ended_at"]))
        for kind, data in told
        if kind.endswith("page-probed.v1")
    )
    gaps = [(later[0] - earlier[1]).total_seconds() for earlier, later in pairwise(probed)]
    assert min(gaps) >= 0, "stretches of one observer overlap"
    assert max(gaps) > EVERY_S, "the killed observer was not there for a while"
    named = {data["name"]: data["total"] for kind, data in told if kind.endswith("total-reported.v1")}
    async with httpx2.AsyncClient(trust_env=False) as client:
        shown = (await client.get(f"{installation.api}/api/v1/visualisations")).json()
    assert named == {"visualisation_types": len(shown), "gis_layers": 0, "critical_objects_mapped": 0}


async def _told(database: AsyncEngine, source: str) -> list[tuple[str, Any]]:
    """Type and data of all that this source has in the ledger."""
    now = utc_now()
    found = []
    async with database.connect() as connection:
        hour = timedelta(hours=1)
        async for group in stored_events.together(connection, "department", now - hour, now + hour, 0, (1 << 63) - 1):
            for _, batch in group:
                events = [json.loads(record.value) for record in batch.records]
                found += [(event["type"], event["data"]) for event in events if event["source"] == source]
    return found
