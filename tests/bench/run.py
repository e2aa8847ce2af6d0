"""The measurements of `make bench`: rate from device to commit, latency from device to API, snapshot reads."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx2
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect

from services.runtime.clock import utc_now
from services.runtime.database import open_database
from tests.bench import load
from tests.bench.load import Sending
from tests.bench.processes import Usage, measured
from tests.installation import Installation

UNPACED = 100_000.0
CALLS = "2.1"
"""The KPI whose denominator counts the answered calls."""
CATCH_UP_S = 60.0


@dataclass(frozen=True, slots=True)
class Rate:
    """How many messages a second were committed while the generator kept a bounded number ahead."""

    committed: int
    seconds: float
    usage: Usage


@dataclass(frozen=True, slots=True)
class Latency:
    """From handing a message to its connection to the WebSocket message that shows it counted, in ms, sorted."""

    rate: float
    sent: int
    shown_ms: list[float]
    usage: Usage


async def throughput(
    installation: Installation, seconds: float, devices: int, ahead: int, warm_up_s: float = 3.0
) -> Rate:
    """Sustained single events, QoS 1, from `devices` connections, never more than `ahead` of what is committed.

    The first seconds do not count.
    """
    passwords = await asyncio.to_thread(installation.passwords, load.devices(installation.city, devices))
    engine = open_database(installation.database_url, application="bench")
    sending = Sending()
    first = await _counted(engine)
    try:
        sender = asyncio.create_task(
            load.send(
                "127.0.0.1",
                installation.stack.ports.mqtt,
                passwords,
                rate=UNPACED,
                seconds=warm_up_s + seconds,
                clock=utc_now,
                gate=_bounded(engine, first, ahead),
                sending=sending,
            )
        )
        await asyncio.sleep(warm_up_s)
        with measured(installation.stack) as usage:
            begin, began = await _counted(engine), time.monotonic()
            await asyncio.sleep(seconds)
            end, took = await _counted(engine), time.monotonic() - began
        await sender
        await _until_counted(engine, first + sending.sent)
    finally:
        await engine.dispose()
    return Rate(end - begin, took, usage)


def _bounded(engine: AsyncEngine, first: int, ahead: int) -> Callable[[int], Awaitable[None]]:
    """Holds the generator back so that the backlog, and with it memory and latency, stay bounded."""
    committed = 0

    async def gate(sent: int) -> None:
        nonlocal committed
        while sent - committed > ahead:
            committed = await _counted(engine) - first
            if sent - committed > ahead:
                await asyncio.sleep(0.02)

    return gate


async def latency(installation: Installation, rate: float, seconds: float, devices: int) -> Latency:
    """At a fixed rate. The n-th call sent is taken to be shown when the count of calls reaches n."""
    passwords = await asyncio.to_thread(installation.passwords, load.devices(installation.city, devices))
    shown: list[tuple[float, int]] = []
    url = f"ws{installation.api.removeprefix('http')}/api/v1/cities/{installation.city}/live"
    async with connect(url, proxy=None, max_size=None) as feed:
        before = _calls(json.loads(await feed.recv())) or 0
        with measured(installation.stack) as usage:
            watcher = asyncio.create_task(_watch(feed, shown))
            sending = await load.send(
                "127.0.0.1",
                installation.stack.ports.mqtt,
                passwords,
                rate=rate,
                seconds=seconds,
                clock=utc_now,
                keep=True,
            )
        deadline = time.monotonic() + CATCH_UP_S
        while (not shown or shown[-1][1] < before + sending.sent) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.05)  # what is watched is a list
        watcher.cancel()
    return Latency(rate, sending.sent, _latencies(sending.moments, shown, before), usage)


async def _watch(feed: object, shown: list[tuple[float, int]]) -> None:
    async for message in feed:  # type: ignore[attr-defined]
        now = time.monotonic()
        calls = _calls(json.loads(message))
        if calls is not None:
            shown.append((now, calls))


def _calls(message: dict[str, object]) -> int | None:
    """Answered calls so far, if the message tells."""
    body = message.get("snapshot", message)
    kpi = body.get("kpis", {}).get(CALLS) if isinstance(body, dict) else None
    return kpi["denominator"] if kpi else None


def _latencies(sent: list[float], shown: list[tuple[float, int]], before: int) -> list[float]:
    found: list[float] = []
    for moment, count in shown:
        while len(found) < min(count - before, len(sent)):
            found.append(1000 * (moment - sent[len(found)]))
    return sorted(found)


async def reads(installation: Installation, count: int) -> list[float]:
    """Milliseconds of snapshot reads, one after the other on one connection, sorted."""
    url = f"{installation.api}/api/v1/cities/{installation.city}/cityscore"
    took: list[float] = []
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        for _ in range(count):
            began = time.perf_counter()
            response = await client.get(url)
            took.append(1000 * (time.perf_counter() - began))
            response.raise_for_status()
    return sorted(took)


async def _counted(engine: AsyncEngine) -> int:
    """Events stored by all scorers so far."""
    async with engine.connect() as connection:
        stored = await connection.scalar(sa.text("SELECT coalesce(sum(stored), 0)::bigint FROM consumer_offset"))
    return int(stored or 0)


async def _until_counted(engine: AsyncEngine, expected: int) -> None:
    async with asyncio.timeout(CATCH_UP_S):
        while await _counted(engine) < expected:  # noqa: ASYNC110  (the database is polled)
            await asyncio.sleep(0.1)
