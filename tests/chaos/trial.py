"""One trial: load over MQTT, faults at their moments, and every acknowledged message accounted for."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import httpx2
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.runtime.clock import utc_now
from services.runtime.database import DATABASE_ERRORS, open_database
from simulators import sending
from simulators.delivered import Delivered
from simulators.load import Load
from simulators.moments import milliseconds, moment
from simulators.verify import Difference, compare
from tests.chaos.faults import OVER_AT_HALF, Fault
from tests.chaos.wiring import AHUAL, Wired
from tests.installation import Installation

RECOVERY_LIMIT_S = 180.0
DRAIN_LIMIT_S = 240.0
COMPARED_S = 15.0
CLOCK_S = 180.0
"""What was committed by a clock two minutes ahead enters KPI 1.1's window when that time has come."""
LAST_MS = 250
AFTERWARDS_S = 4.0
"""The load goes on so long after the last fault, so that it shows when all is well again."""
ADOPTED_S = 30


@dataclass(frozen=True, slots=True)
class Suffered:
    """A fault as it went."""

    fault: Fault
    back_s: float | None
    """From its end until every device has an event stored that happened after it; None: not within three minutes."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the messages are."""

    acknowledged: int
    """Messages with a PUBACK, duplicates included."""
    distinct: int
    """Events among them."""
    stored: int
    """Events in the ledger, since the trial began."""
    unreconciled: int
    """Offsets passed minus (stored + duplicate + rejected), over all partitions; anything but 0 is a loss."""
    skipped: int
    dead_letters: int
    redelivered: int
    """Records the ledger recognised: duplicates of the load, and what at-least-once delivery repeated."""


@dataclass(frozen=True, slots=True)
class Count:
    """What the database holds, of everything ever sent to it."""

    stored: int = 0
    unreconciled: int = 0
    skipped: int = 0
    duplicate: int = 0
    letters: int = 0


@dataclass(slots=True)
class Report:
    """What a trial found."""

    load: Load
    delivered: Delivered = field(default_factory=Delivered)
    before: Count | None = None
    suffered: list[Suffered] = field(default_factory=list)
    account: Account | None = None
    differences: list[Difference] = field(default_factory=list)
    drained_s: float = 0.0

    @property
    def good(self) -> bool:
        """Exactly once, and every figure right."""
        account = self.account
        return (
            account is not None
            and account.stored == account.distinct
            and not (account.unreconciled or account.skipped or account.dead_letters or self.differences)
            and all(suffered.back_s is not None for suffered in self.suffered)
        )


async def run(
    wired: Wired, installation: Installation, wanted: Load, faults: Sequence[Fault], *, refold: bool = True
) -> Report:
    """Send, break, wait until everything is stored, compare."""
    report = Report(wanted)
    passwords = await asyncio.to_thread(installation.passwords, wanted.identities)
    engine = open_database(installation.database_url, application="chaos")
    try:
        report.before = await quiet(engine)
        began = milliseconds(utc_now())
        last = began + round(1000 * wanted.duration_s) - LAST_MS
        seen = _Seen(engine, wanted.city, len(wanted.identities))
        breaking = asyncio.create_task(_break(wired, seen, faults, last))
        await sending.run(
            wanted,
            "127.0.0.1",
            wired.device_port,
            passwords,
            report.delivered,
            began,
            persistent=True,
            drain_s=DRAIN_LIMIT_S,
        )
        report.suffered = await breaking
    finally:
        await engine.dispose()
    patience_s = CLOCK_S if any(fault.kind == "clock" for fault in faults) else COMPARED_S
    limit_s = DRAIN_LIMIT_S + 2 * sum(fault.for_s for fault in faults)
    await check(installation, report, limit_s, patience_s, refold=refold)
    return report


async def check(
    installation: Installation,
    report: Report,
    limit_s: float = DRAIN_LIMIT_S,
    patience_s: float = COMPARED_S,
    *,
    refold: bool = True,
) -> None:
    """Wait until all that was acknowledged is stored and nothing moves any more, then compare every figure.

    With `refold` everything stored is folded again from the ledger, and must come to the same (`ahual rebuild`).
    """
    began = time.monotonic()
    engine = open_database(installation.database_url, application="chaos")
    try:
        report.account = await _drained(engine, report, limit_s)
    finally:
        await engine.dispose()
    report.drained_s = time.monotonic() - began
    report.differences = await _compared(installation, report.delivered, patience_s)
    if refold:
        report.differences += await asyncio.to_thread(_refolded, installation)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the database has heard of a trial's devices."""

    engine: AsyncEngine
    city: str
    devices: int

    async def all_since(self, moment: datetime) -> bool:
        """Whether every device has an event stored that happened later."""
        query = sa.text("SELECT count(DISTINCT device) FROM source_device WHERE city = :city AND newest_time >= :since")
        async with self.engine.connect() as connection:
            found = await connection.scalar(query, {"city": self.city, "since": moment})
        return int(found or 0) == self.devices


async def _break(wired: Wired, seen: _Seen, faults: Sequence[Fault], last: int) -> list[Suffered]:
    """Each fault at its moment, whether or not everybody is back from the one before."""
    began = time.monotonic()
    return list(await asyncio.gather(*(_suffer(wired, seen, fault, began, last) for fault in faults)))


async def _suffer(wired: Wired, seen: _Seen, fault: Fault, began: float, last: int) -> Suffered:
    await _at(began + fault.after_s)
    await asyncio.to_thread(wired.begin, fault)
    await _at(began + fault.after_s + fault.for_s / 2)
    await asyncio.to_thread(wired.half, fault)
    if fault.kind not in OVER_AT_HALF:
        await _at(began + fault.ends_s)
    # Events on their way from gateway to scorer at that moment do not show that a process is back.
    # A stop may take longer than the load: then the load's last events are the ones to wait for.
    over = moment(min(milliseconds(utc_now()) + 50, last))
    ending = asyncio.create_task(_end(wired, fault, began))
    back_s = await _recovery(seen, over)
    await ending
    return Suffered(fault, back_s)


async def _end(wired: Wired, fault: Fault, began: float) -> None:
    await _at(began + fault.ends_s)
    await asyncio.to_thread(wired.end, fault)


async def _at(moment_s: float) -> None:
    await asyncio.sleep(max(0.0, moment_s - time.monotonic()))


async def _recovery(seen: _Seen, over: datetime) -> float | None:
    """Seconds until an event of every device that happened after the fault is stored."""
    began = time.monotonic()
    while time.monotonic() < began + RECOVERY_LIMIT_S:
        try:
            if await seen.all_since(over):
                return time.monotonic() - began
        except DATABASE_ERRORS:
            pass
        await asyncio.sleep(0.05)
    return None


async def quiet(engine: AsyncEngine) -> Count:
    """The count once nothing moves any more: others may have left a backlog."""
    before = await _counted(engine)
    while True:
        await asyncio.sleep(1.5)
        now = await _counted(engine)
        if now == before:
            return now
        before = now


async def _counted(engine: AsyncEngine) -> Count:
    while True:
        try:
            async with engine.connect() as connection:
                return await _count(connection)
        except DATABASE_ERRORS:
            await asyncio.sleep(0.5)


async def _count(connection: AsyncConnection) -> Count:
    row = (
        await connection.execute(
            sa.text("""
                SELECT (SELECT count(*) FROM ledger_department),
                  coalesce(sum(next_offset - first_offset - stored - duplicate - rejected - skipped), 0)::bigint,
                  coalesce(sum(skipped), 0)::bigint, coalesce(sum(duplicate), 0)::bigint,
                  (SELECT count(*) FROM dead_letter)
                FROM consumer_offset
            """)
        )
    ).one()
    return Count(*row)


async def _drained(engine: AsyncEngine, report: Report, limit_s: float) -> Account:
    """The account once all expected events are stored and nothing moves any more, or when time is up."""
    expected = len(set(report.delivered))
    before = report.before or Count()
    deadline = time.monotonic() + limit_s
    earlier: Count | None = None
    while True:
        now = await _counted(engine)
        whole = now.stored - before.stored >= expected and now == earlier
        if whole or time.monotonic() > deadline:
            return Account(
                report.delivered.count,
                expected,
                now.stored - before.stored,
                now.unreconciled,
                now.skipped - before.skipped,
                now.letters - before.letters,
                now.duplicate - before.duplicate,
            )
        earlier = now
        await asyncio.sleep(1.5)


def _refolded(installation: Installation) -> list[Difference]:
    argv = [AHUAL, "rebuild", "--city", installation.city, "--json"]
    env = {**os.environ, **installation.stack.env()}
    for _ in range(ADOPTED_S):  # a scorer that has just started may still have to take the partitions over
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=900)
        if done.returncode in (0, 1):
            break
        time.sleep(1)
    else:
        return [Difference("—", "rebuild", "an answer", done.stderr[-500:])]
    found = json.loads(done.stdout)["differences"]
    return [Difference(lack["kpi"], f"rebuild of {lack['table']}", "the same", str(lack["sums"])) for lack in found]


async def _compared(installation: Installation, delivered: Delivered, patience_s: float) -> list[Difference]:
    """Differences of the first snapshot that has none, or of the last one tried."""
    differences = [Difference("—", "snapshot", "one", "none")]
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        for _ in range(round(patience_s)):
            try:
                snapshot = await installation.snapshot(client)
            except httpx2.HTTPError as error:
                differences = [Difference("—", "snapshot", "200", repr(error))]
            else:
                differences = await asyncio.to_thread(compare, snapshot, delivered)
            if not differences:
                break
            await asyncio.sleep(1)
    return differences
