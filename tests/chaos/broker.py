"""`python -m tests.chaos broker`: what a `kill -9` of Mosquitto loses of what it had acknowledged.

Each trial sends at a fixed rate, kills the broker, lets it start again, and counts the acknowledged messages that never
reached the database; with the gateway running, and with the gateway stopped, so that all of them wait in the broker.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Ports
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators import sending
from simulators.delivered import Delivered
from simulators.load import Load
from simulators.moments import milliseconds
from tests.installation import Installation, own_stack, services_on

QUIET_S = 24.0
"""Nothing new in the database for this long: whatever comes has come."""


async def lost(installation: Installation, wanted: Load, after_s: float, *, gateway: bool) -> tuple[int, int]:
    """Messages acknowledged, and those of them that the database never got."""
    stack = installation.stack
    passwords = await asyncio.to_thread(installation.passwords, wanted.identities)
    engine = open_database(installation.database_url, application="chaos")
    if not gateway:
        await asyncio.to_thread(stack.stop, "ingest")
    delivered = Delivered()
    before = await _stored(engine)
    try:
        under_way = asyncio.create_task(
            sending.run(wanted, "127.0.0.1", stack.ports.mqtt, passwords, delivered, milliseconds(utc_now()))
        )
        await asyncio.sleep(after_s)
        # The supervised process hands over to the broker by exec or keeps it as a child; both are to die.
        _kill_tree(stack.pid("mosquitto"))
        with suppress(ConnectionError):
            await under_way
        if not gateway:
            await asyncio.to_thread(stack.restart, "ingest")
        expected = len(set(delivered))
        return delivered.count, expected - (await _settled(engine, expected + before) - before)
    finally:
        await engine.dispose()


def _kill_tree(pid: int | None) -> None:
    if pid is None:
        raise AssertionError("the broker does not run")
    process = psutil.Process(pid)
    for member in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):
            os.kill(member.pid, signal.SIGKILL)


async def _stored(engine: AsyncEngine) -> int:
    query = sa.text("SELECT count(*) FROM ledger_department")
    async with engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


async def _settled(engine: AsyncEngine, expected: int) -> int:
    """What is stored once all is there or nothing has come for a while, the broker's restart included."""
    stored, quiet = -1, 0.0
    while quiet < QUIET_S and stored < expected:
        await asyncio.sleep(0.5)
        now = await _stored(engine)
        quiet = 0.0 if now != stored else quiet + 0.5
        stored = now
    return stored


def run(folder: Path, ports: Ports, rate: float, trials: int, say: Callable[[str], None]) -> None:
    """Print a table: so many trials with the gateway running, and as many with it stopped."""
    say("| gateway | killed after, s | acknowledged | lost |\n|---|---|---|---|")
    with own_stack(folder, ports) as stack:
        for gateway in (True, False):
            for trial in range(trials):
                with services_on(stack) as installation:
                    after_s = 4.0 + 0.37 * trial
                    wanted = Load(installation.city, trial, rate, 60.0)
                    acknowledged, missing = asyncio.run(lost(installation, wanted, after_s, gateway=gateway))
                say(f"| {'running' if gateway else 'stopped'} | {after_s:.2f} | {acknowledged} | {missing} |")
