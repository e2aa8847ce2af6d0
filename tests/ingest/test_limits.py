"""What a gateway does with one mad device, and with a release that rejects everybody."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.dead_letter import Reason
from schemas.identity import Identity
from services.cli.key import add_key
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.events import call, encoded
from tests.publishing import publish_all
from tests.waiting import eventually

pytestmark = pytest.mark.stack
DEVICES = [Identity("karaganda", "contact-centre", f"limits-{n}") for n in range(4)]


@asynccontextmanager
async def running(stack: Stack, log: Path, **settings: str) -> AsyncIterator[GatewayProcess]:
    gateway = GatewayProcess(stack, log, **settings)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.end(signal.SIGTERM)


async def publish(stack: Stack, device: Identity, payloads: list[bytes]) -> None:
    password = await asyncio.to_thread(stack.add_device, str(device))
    async with asyncio.timeout(30):
        await publish_all(stack.ports.mqtt, str(device), password, payloads)


async def test_a_device_over_its_quota_is_told_and_hurts_nobody_else(
    stack: Stack, database: AsyncEngine, written: Written, tmp_path: Path
) -> None:
    quota = {"AHUAL_INGEST_DEVICE_RATE": "0.001", "AHUAL_INGEST_DEVICE_BURST": "20", "AHUAL_INGEST_QUOTA_KEPT": "5"}
    mad, sound = DEVICES[:2]
    async with running(stack, tmp_path / "log", **quota):
        await publish(stack, mad, [encoded(call(f"mad-{n}", mad)) for n in range(60)])
        await publish(stack, sound, [encoded(call(f"sound-{n}", sound)) for n in range(20)])
        await written.until(lambda: len(written.events) == 40)
        await written.settle()
    devices = Counter(letter.device for letter in written.letters)
    assert {letter.reason for letter in written.letters} == {Reason.OVER_QUOTA}
    assert devices == {mad.device: 5}, "the first five are kept whole, of the others their number is told in a minute"
    assert len(written.events) == 40


async def test_a_department_over_its_quota_is_told_when_to_come_back(
    stack: Stack, database: AsyncEngine, tmp_path: Path
) -> None:
    key = await add_key(database, Identity("karaganda", "contact-centre", "crm"))
    assert key is not None
    quota = {"AHUAL_INGEST_DEPARTMENT_RATE": "0.1", "AHUAL_INGEST_DEPARTMENT_BURST": "1"}
    headers = {"Authorization": f"Bearer {key.text}", "Content-Type": "application/cloudevents+json"}
    body = encoded(call("department", DEVICES[0]))
    async with running(stack, tmp_path / "log", **quota) as gateway, httpx2.AsyncClient(headers=headers) as client:
        assert (await client.post(f"{gateway.url}/v1/events", content=body)).status_code == 200
        refused = await client.post(f"{gateway.url}/v1/events", content=body, headers={"Accept-Language": "kk"})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 10
    assert refused.json()["title"] == "Квота асырылды"


async def test_the_line_stops_when_everybody_is_rejected_and_loses_nothing(
    stack: Stack, database: AsyncEngine, written: Written, tmp_path: Path
) -> None:
    settings = {"AHUAL_INGEST_LINE_LEAST": "40", "AHUAL_INGEST_LINE_PAUSE_S": "4"}
    log = tmp_path / "log"
    async with running(stack, log, **settings):
        for device in DEVICES:
            await publish(stack, device, [b"{bad"] * 15)
        await eventually(lambda: _said(log, "line stopped"))
        for device in DEVICES:
            await publish(stack, device, [encoded(call(f"after-{n}", device)) for n in range(10)])
        before = len(written.events)
        await written.settle()
        assert (before, written.events) == (0, []), "what devices send meanwhile waits at the broker"
        await written.until(lambda: len(written.events) == 40)
        await eventually(lambda: _said(log, "line runs again"))
    assert len(written.letters) == 60


async def _said(log: Path, words: str) -> bool:
    return words in await asyncio.to_thread(log.read_text)
