"""Faulty devices through the whole system: broker, gateway, Kafka, a scorer that is killed, database, API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from deploy.stack import Stack
from schemas.sources import load_source_limits
from services.api import source_states
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators import sending
from simulators.delivered import Delivered
from simulators.faults import Faults, missing
from simulators.load import Load
from simulators.moments import milliseconds
from tests.installation import Installation, services_on
from tests.waiting import eventually

FAULTS = Faults(duplicates=0.05, disorder=0.05, loss=0.03, drifting=0.25, silent=0.25)
pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def installation(stack: Stack) -> Iterator[Installation]:
    with services_on(stack) as running:
        yield running


async def test_what_is_lost_silent_and_off_is_found_though_the_scorer_dies(installation: Installation) -> None:
    plan = Load(installation.city, seed=11, rate=300, duration_s=12, devices=4, faults=FAULTS)
    under_way = asyncio.create_task(_send(installation, plan))
    await asyncio.sleep(5)
    await asyncio.to_thread(installation.kill, "scorer")
    delivered = await under_way
    expected = missing(delivered)
    assert sum(expected.values()) > 50
    sources = await _sources(installation, events=len(set(delivered)))
    assert {
        f"/{installation.city}/contact-centre/{name}": found["missing"] for name, found in sources.items()
    } == expected
    assert {name: found["state"] for name, found in sources.items()} == {
        "load-1": "live",
        "load-2": "live",
        "load-3": "drifting",
        "load-4": "live",
    }
    assert 30 < sources["load-3"]["drift_s"] <= 45
    # The others start anew, and lose nothing; the silent one says no more.
    again = await _send(installation, replace(plan, seed=12, duration_s=3, devices=3, faults=Faults(duplicates=0.05)))
    sources = await _sources(installation, events=len(set(delivered)) + len(set(again)))
    assert {name: found["restarts"] for name, found in sources.items()} == {
        "load-1": 1,
        "load-2": 1,
        "load-3": 1,
        "load-4": 0,
    }
    assert sum(found["missing"] for found in sources.values()) == sum(expected.values())
    silent_from = datetime.fromisoformat(sources["load-4"]["silent_from"])
    assert await _silent(installation, silent_from + timedelta(microseconds=1)) == {"load-4"}


async def _send(installation: Installation, plan: Load) -> Delivered:
    delivered = Delivered()
    passwords = installation.passwords(plan.identities)
    port = installation.stack.ports.mqtt
    await sending.run(plan, "127.0.0.1", port, passwords, delivered, milliseconds(utc_now()))
    return delivered


async def _sources(installation: Installation, *, events: int) -> dict[str, Any]:
    """The city's sources as the API tells them, once all these events are stored and every offset is accounted for."""
    trusted = installation.stack.client_tls() or True
    async with httpx2.AsyncClient(timeout=10, trust_env=False, verify=trusted) as client:

        async def once_stored() -> list[dict[str, Any]]:
            answer = await client.get(f"{installation.api}/api/v1/cities/{installation.city}/sources")
            found: list[dict[str, Any]] = answer.json()["sources"]
            return found if sum(source["events"] for source in found) == events else []

        sources = await eventually(once_stored, within_s=90)
        told = (await client.get(f"{installation.api}/api/v1/reconciliation")).json()
    assert (told["exact"], told["totals"]["difference"]) == (True, 0)
    assert told["suspected_loss"] >= sum(source["missing"] for source in sources)
    return {source["device"]: source for source in sources}


async def _silent(installation: Installation, now: datetime) -> set[str]:
    engine = open_database(installation.database_url, pool_size=1, application="tests")
    try:
        async with engine.connect() as connection:
            rows = await source_states.page(
                connection,
                load_source_limits(),
                installation.city,
                now,
                system=None,
                states=("silent",),
                after=("", ""),
                limit=10,
            )
    finally:
        await engine.dispose()
    return {row["device"] for row in rows}
