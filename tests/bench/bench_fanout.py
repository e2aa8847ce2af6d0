"""Live readers: `python -m tests.bench.bench_fanout [--readers N] [--seconds S] [--per-second R]`.

Starts servers and one API, opens WebSockets of one city, and stores a new score so many times a second as the scorer
does. Measured is from before the transaction to each reader's message; then the same beside ten that never read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import socket
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

import psutil
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.asyncio.client import connect

from deploy.stack import Program, Stack, StackError
from deploy.stack.tools import wait_until
from services.runtime.database import open_database
from tests.api.samples import CITY, snapshot, store
from tests.bench.stacks import bench_stack, database_of, register
from tests.bench.tables import percentile

PROCESSES: Final = 2
"""That hold the readers: one alone would measure itself."""


class Heard(NamedTuple):
    """What the readers of one process heard."""

    latencies_ms: list[float]
    revisions: set[int]


async def read(url: str, readers: int, seconds: float, ready: asyncio.Event | None = None) -> Heard:
    """Open so many and listen for so long; every message's age."""
    latencies: list[float] = []
    revisions: set[int] = set()
    gate = asyncio.Semaphore(50)

    async def one() -> None:
        async with gate:
            opened = await connect(url, compression=None, max_size=None, open_timeout=60)
        async with opened as socket:
            async for message in socket:
                heard = time.time()
                if '"type":"change"' in message[:20]:
                    said = json.loads(message)
                    latencies.append((heard - datetime.fromisoformat(said["computed_at"]).timestamp()) * 1000)
                    revisions.add(said["revision"])

    tasks = [asyncio.create_task(one()) for _ in range(readers)]
    await asyncio.sleep(seconds)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return Heard(latencies, revisions)


async def _publish(engine: AsyncEngine, first: int, seconds: float, per_second: float) -> int:
    """New scores, each stamped with the moment before its transaction; the revision after the last."""
    revision, until, due = first, time.monotonic() + seconds, time.monotonic()
    while time.monotonic() < until:
        await store(engine, snapshot(revision, now=datetime.now(UTC), k2_1=float(revision % 50 + 1)))
        revision, due = revision + 1, due + 1 / per_second
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    return revision


def _stalled(port: int) -> socket.socket:
    """A reader that shakes hands and then never reads."""
    made = socket.create_connection(("127.0.0.1", port))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.sendall(
        f"GET /api/v1/cities/{CITY}/live HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return made


async def _round(stack: Stack, asked: argparse.Namespace, name: str, first: int, stalled: int) -> int:
    engine = open_database(database_of(stack), pool_size=1, application="ahual-bench")
    port = stack.ports.api
    await store(engine, snapshot(first, now=datetime.now(UTC)))
    idle = [_stalled(port) for _ in range(stalled)]
    opening = max(5.0, asked.readers / 100)
    command = [sys.executable, "-m", "tests.bench.bench_fanout", "--read", f"ws://127.0.0.1:{port}"]
    options = ["--readers", str(asked.readers // PROCESSES), "--seconds", str(opening + asked.seconds + 3)]
    readers = [
        await asyncio.create_subprocess_exec(*command, *options, stdout=asyncio.subprocess.PIPE)
        for _ in range(PROCESSES)
    ]
    await asyncio.sleep(opening)
    api = psutil.Process(stack.pid("api") or os.getpid())
    before, began = sum(api.cpu_times()[:2]), time.monotonic()
    last = await _publish(engine, first + 1, asked.seconds, asked.per_second)
    cores = (sum(api.cpu_times()[:2]) - before) / (time.monotonic() - began)
    heard = [json.loads((await process.communicate())[0]) for process in readers]
    await engine.dispose()
    for one in idle:
        one.close()
    _say(name, asked.readers, heard, last - first - 1, (cores, api.memory_info().rss / 2**20))
    return last


def _say(name: str, readers: int, heard: list[dict[str, list[float]]], made: int, usage: tuple[float, float]) -> None:
    ages = [age for one in heard for age in one["latencies"]]
    cores, mib = usage
    wanted = readers // PROCESSES * PROCESSES * made
    figures = " | ".join(f"{percentile(ages, p):.0f}" for p in (0.5, 0.95, 0.99)) if ages else "– | – | –"
    worst = f"{max(ages):.0f}" if ages else "–"
    sys.stdout.write(
        f"| {name} | {readers} | {made} | {len(ages)} of {wanted} | {figures} | {worst} | {cores:.2f} | {mib:.0f} |\n"
    )


def _main(asked: argparse.Namespace) -> None:
    with bench_stack() as stack:
        register(stack, [CITY])
        env = {"AHUAL_API_STALL_S": "20", "AHUAL_API_HEARTBEAT_S": "30"}
        stack.start(Program(name="api", argv=(str(Path(sys.executable).parent / "ahual"), "api"), env=env))
        wait_until(lambda: _answers(stack.ports.api), seconds=60, failure=_no_api)
        sys.stdout.write("| what | readers | scores | heard | p50 ms | p95 ms | p99 ms | max ms | API cores | MiB |\n")
        sys.stdout.write("|---|---|---|---|---|---|---|---|---|---|\n")
        last = asyncio.run(_round(stack, asked, "all read", 1, 0))
        asyncio.run(_round(stack, asked, "ten more never read", last + 1, 10))


def _no_api() -> StackError:
    return StackError("not_ready", name="api", seconds=60, detail="", log="")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    """The command; with `--read` one of its own reading processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=1)
    parser.add_argument("--read", default="", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    if asked.read:
        heard = asyncio.run(read(f"{asked.read}/api/v1/cities/{CITY}/live", asked.readers, asked.seconds))
        sys.stdout.write(json.dumps({"latencies": heard.latencies_ms}))
    else:
        _main(asked)


if __name__ == "__main__":
    main()
