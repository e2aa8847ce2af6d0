"""`ahual notify run` as a process, killed between the room's hearing and the mark that it has heard."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas import tables
from tests.notify.test_notifying import SECRET, free_port, stands
from tests.waiting import eventually

pytestmark = pytest.mark.stack
RULE = {
    "name": "kpi",
    "kind": "kpi",
    "kpis": ["2.1"],
    "cities": ["almaty"],
    "below": 0.9,
    "wait_s": 0,
    "ways": ["room"],
}


class Room:
    """A web server that answers when it is let: the bodies it has read are what it was told."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.answers = asyncio.Event()

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.lower().splitlines() if b"content-length:" in line)
        self.heard.append(await reader.readexactly(length))
        await self.answers.wait()
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()


@asynccontextmanager
async def notifier(stack: Stack, rules: Path, metrics: int) -> AsyncIterator[asyncio.subprocess.Process]:
    told = {
        "AHUAL_DATABASE_URL": stack.database_url("ahual_notify"),
        "AHUAL_NOTIFY_RULES": str(rules),
        "AHUAL_NOTIFY_WEBHOOK_SECRET": SECRET,
        "AHUAL_NOTIFY_PAUSE_S": "1",
        "AHUAL_NOTIFY_METRICS_PORT": str(metrics),
    }
    ahual = Path(sys.executable).parent / "ahual"
    process = await asyncio.create_subprocess_exec(ahual, "notify", "run", env={**os.environ, **told})
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_notifier_killed_while_the_room_hears_says_it_again_under_the_same_id(
    stack: Stack, database: AsyncEngine, tmp_path: Path
) -> None:
    room, metrics = Room(), free_port()
    server = await asyncio.start_server(room.listen, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    rules = tmp_path / "rules.yaml"
    ways = {"room": {"kind": "webhook", "url": f"http://127.0.0.1:{port}/", "language": "ru"}}
    rules.write_text(json.dumps({"ways": ways, "rules": [RULE]}), "utf-8")
    await stands(database, 0.5)

    async def heard(times: int) -> bool:
        return len(room.heard) == times

    async with server:
        async with notifier(stack, rules, metrics) as process:
            await eventually(lambda: heard(1), within_s=60)
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
        room.answers.set()
        async with notifier(stack, rules, metrics) as process:
            await eventually(lambda: heard(2), within_s=60)
            await stands(database, 1.0)
            await eventually(lambda: heard(3), within_s=60)
            async with httpx2.AsyncClient(trust_env=False) as client:
                told = (await client.get(f"http://127.0.0.1:{metrics}/metrics")).text
            process.terminate()
            assert await process.wait() == 0
    first, again, well = (json.loads(body) for body in room.heard)
    assert first == again
    assert [notice["what"] for body in (again, well) for notice in body["notices"]] == ["raised", "cleared"]
    assert 'ahual_notify_messages_total{outcome="sent",way="room"}' in told
    async with database.connect() as connection:
        rows = (await connection.execute(sa.select(tables.notice.c.what, tables.notice.c.sent_at))).all()
    assert [row.what for row in rows if row.sent_at is not None] == ["raised", "cleared"]
