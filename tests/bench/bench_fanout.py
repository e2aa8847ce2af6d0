"""Live readers: `python -m tests.bench.bench_fanout [--readers N] [--seconds S] [--per-second R]`.

Starts servers and one API, opens WebSockets of one city, and stores a new score so many times a second as the scorer
does. Measured is from before the transaction to each reader's message; then the same beside ten that never read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import resource
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import chain
from typing import Final

import psutil
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from services.runtime.database import open_database
from tests.api.samples import CITY, snapshot, store
from tests.bench.say import say
from tests.bench.serving import serving
from tests.bench.stacks import database_of
from tests.bench.tables import percentile

CHANGE: Final = re.compile(
    rb'{"type":"change","server_time":"[^"]+","revision":\d+,"previous":\d+,"computed_at":"([^"]+)"'
)
"""Parsing all of every message would take the readers, who share the machine with the API, longer than reading it."""
LAST_S: Final = 2.0
"""For the last message to arrive."""
PING: Final = 9
PONG: Final = 10
PROCESSES: Final = 2
"""That hold the readers: one alone would measure itself."""


class Reader(asyncio.Protocol):
    """A live reader at a few microseconds a message, so that thousands of them leave the machine to the API."""

    def __init__(self, host: str, opened: Callable[[], None], ages: list[float]) -> None:
        self._host, self._opened, self._ages = host, opened, ages
        self._buffer = b""
        self._upgraded = self._told = False
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvloop's is no subclass
        self._transport = transport
        transport.write(handshake(self._host))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, end, rest = self._buffer.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._buffer, self._upgraded = rest, True
        while self._frame():
            pass

    def _frame(self) -> bool:
        """Take one whole frame (RFC 6455, 5.2) off the buffer, if there is one."""
        held = self._buffer
        if len(held) < 2:
            return False
        begin, length = 2, held[1]
        if length >= 126:
            begin = 4 if length == 126 else 10
            length = int.from_bytes(held[2:begin], "big")
        if len(held) < begin + length:
            return False
        self._buffer = held[begin + length :]
        self._take(held[0] & 0x0F, held[begin : begin + length])
        return True

    def _take(self, opcode: int, payload: bytes) -> None:
        if opcode == PING and self._transport:
            self._transport.write(bytes([0x80 | PONG, 0x80 | len(payload), 0, 0, 0, 0]) + payload)
        elif not self._told:
            # Its snapshot is there: 2,000 of them are 75 MB, which no score that is measured may wait behind.
            self._told = True
            self._opened()
        elif told := CHANGE.match(payload):
            self._ages.append((time.time() - datetime.fromisoformat(told[1].decode()).timestamp()) * 1000)


def handshake(host: str) -> bytes:
    """What opens a live stream."""
    return (
        f"GET /api/v1/cities/{CITY}/live HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


async def read(port: int, readers: int, until: Awaitable[object], ready: Callable[[], None]) -> list[float]:
    """Open so many, say when all are, and listen `until`; every message's age in ms."""
    ages: list[float] = []
    gate, still = asyncio.Semaphore(50), readers

    def opened() -> None:
        nonlocal still
        still -= 1
        gate.release()
        if not still:
            ready()

    loop = asyncio.get_running_loop()
    for _ in range(readers):
        await gate.acquire()
        await loop.create_connection(lambda: Reader(f"127.0.0.1:{port}", opened, ages), "127.0.0.1", port)
    await until
    return ages


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
    made.sendall(handshake(f"127.0.0.1:{port}"))
    return made


async def _round(stack: Stack, asked: argparse.Namespace, name: str, first: int, stalled: int) -> int:
    engine = open_database(database_of(stack), pool_size=1, application="ahual-bench")
    port = stack.ports.api
    await store(engine, snapshot(first, now=datetime.now(UTC)))
    idle = [_stalled(port) for _ in range(stalled)]
    command = [sys.executable, "-m", "tests.bench.bench_fanout", "--read", str(port)]
    options = ["--readers", str(asked.readers // PROCESSES)]
    pipe = asyncio.subprocess.PIPE
    readers = [
        await asyncio.create_subprocess_exec(*command, *options, stdin=pipe, stdout=pipe, limit=1 << 30)
        for _ in range(PROCESSES)
    ]
    for reader in readers:
        assert reader.stdout
        await reader.stdout.readline()
    api = psutil.Process(stack.pid("api") or os.getpid())
    before, began = sum(api.cpu_times()[:2]), time.monotonic()
    last = await _publish(engine, first + 1, asked.seconds, asked.per_second)
    cores = (sum(api.cpu_times()[:2]) - before) / (time.monotonic() - began)
    await asyncio.sleep(LAST_S)
    heard = [json.loads((await reader.communicate(b""))[0]) for reader in readers]
    await engine.dispose()
    for one in idle:
        one.close()
    wanted = asked.readers // PROCESSES * PROCESSES * (last - first - 1)
    _say(name, asked.readers, sorted(chain.from_iterable(heard)), wanted, (cores, api.memory_info().rss / 2**20))
    return last


def _say(name: str, readers: int, ages: list[float], wanted: int, usage: tuple[float, float]) -> None:
    cores, mib = usage
    figures = " | ".join(f"{percentile(ages, p):.0f}" for p in (0.5, 0.95, 0.99, 1.0)) if ages else "– | – | – | –"
    load = os.getloadavg()[0]
    say(f"| {name} | {readers} | {len(ages)} of {wanted} | {figures} | {cores:.2f} | {mib:.0f} | {load:.1f} |")


def _main(asked: argparse.Namespace) -> None:
    with serving() as stack:
        say("| what | readers | heard | p50 ms | p95 ms | p99 ms | max ms | API cores | API MiB | load average |")
        say("|---|---|---|---|---|---|---|---|---|---|")
        last = asyncio.run(_round(stack, asked, "all read", 1, 0))
        asyncio.run(_round(stack, asked, "ten more never read", last + 1, 10))


async def _reading(port: int, readers: int) -> None:
    """One of the reading processes: a line when all are open, their ages once nobody writes to it any more."""
    ages = await read(port, readers, asyncio.to_thread(sys.stdin.read), lambda: print(flush=True))  # noqa: T201
    sys.stdout.write(json.dumps(ages))


def main() -> None:
    """The command; with `--read` one of its own reading processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--per-second", type=float, default=1)
    parser.add_argument("--read", type=int, default=0, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65_536), hard))
    if asked.read:
        uvloop.run(_reading(asked.read, asked.readers))
    else:
        _main(asked)


if __name__ == "__main__":
    main()
