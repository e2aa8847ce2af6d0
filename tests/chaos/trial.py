"""One trial: load over MQTT, processes killed at random moments, and every acknowledged message accounted for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import httpx2
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators import load, truth
from simulators.delivered import Delivered
from simulators.load import Load
from simulators.moments import milliseconds, moment
from simulators.verify import Difference, compare
from tests.installation import Installation

VICTIMS = ("ingest", "scorer")
RECOVERY_LIMIT_S = 180.0
DRAIN_LIMIT_S = 120.0


@dataclass(frozen=True, slots=True)
class Planned:
    """A kill, this long after the load began."""

    after_s: float
    victim: str


@dataclass(frozen=True, slots=True)
class Kill:
    """A kill as it went."""

    planned: Planned
    recovered_s: float | None
    """Until a message sent after the kill was stored; None: not within three minutes."""


@dataclass(frozen=True, slots=True)
class Account:
    """Where the messages are."""

    acknowledged: int
    """Messages with a PUBACK, duplicates included."""
    distinct: int
    """Events among them."""
    stored: int
    """Events of the city in the ledger."""
    unreconciled: int
    """Offsets passed minus (stored + duplicate + rejected), over all partitions; anything but 0 is a loss."""
    skipped: int
    dead_letters: int
    redelivered: int
    """Records the ledger recognised: duplicates of the load, and what at-least-once delivery repeated."""


@dataclass(slots=True)
class Report:
    """What a trial found."""

    load: Load
    kills: list[Kill] = field(default_factory=list)
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
            and all(kill.recovered_s is not None for kill in self.kills)
        )


def plan(seed: int, kills: int, duration_s: float) -> list[Planned]:
    """Moments spread over the load, each at random within its own stretch; victims at random, both at least once."""
    rng = Random(f"chaos/{seed}")
    stretch = duration_s * 0.9 / max(1, kills)
    victims = [VICTIMS[n % 2] if n < 2 else rng.choice(VICTIMS) for n in range(kills)]
    rng.shuffle(victims)
    return [Planned((n + 0.2 + 0.6 * rng.random()) * stretch, victim) for n, victim in enumerate(victims)]


async def run(installation: Installation, wanted: Load, kills: Sequence[Planned]) -> Report:
    """Send, kill, wait until everything is stored, compare."""
    report = Report(wanted)
    delivered = Delivered()
    passwords = await asyncio.to_thread(installation.passwords, wanted.identities)
    engine = open_database(installation.database_url, application="chaos")
    try:
        killing = asyncio.create_task(_kill(installation, engine, kills, report))
        port = installation.stack.ports.mqtt
        await load.run(wanted, "127.0.0.1", port, passwords, delivered, milliseconds(utc_now()))
        loaded = time.monotonic()
        await killing
        expected = len(truth.distinct(delivered))
        report.account = await _drained(engine, installation.city, delivered.count, expected)
        report.drained_s = time.monotonic() - loaded
        report.differences = await _compared(installation, delivered)
    finally:
        await engine.dispose()
    return report


async def _kill(installation: Installation, engine: AsyncEngine, kills: Sequence[Planned], report: Report) -> None:
    """Each kill at its moment, whether or not everybody is back from the one before."""
    began = time.monotonic()
    recoveries: list[asyncio.Task[float | None]] = []
    for planned in kills:
        await asyncio.sleep(max(0.0, planned.after_s - (time.monotonic() - began)))
        await asyncio.to_thread(installation.kill, planned.victim)
        now = milliseconds(utc_now())
        recoveries.append(asyncio.create_task(_recovery(engine, installation.city, now)))
    for planned, recovery in zip(kills, recoveries, strict=True):
        report.kills.append(Kill(planned, await recovery))


async def _recovery(engine: AsyncEngine, city: str, killed: int) -> float | None:
    """Seconds until the first event that happened after the kill is in the ledger."""
    # Events on their way from gateway to scorer at the moment of the kill do not show that a process is back.
    later = {"city": city, "since": moment(killed + 50)}
    query = sa.text("SELECT 1 FROM ledger_department WHERE city = :city AND time >= :since LIMIT 1")
    deadline = time.monotonic() + RECOVERY_LIMIT_S
    began = time.monotonic()
    while time.monotonic() < deadline:
        try:
            async with engine.connect() as connection:
                if (await connection.execute(query, later)).first():
                    return time.monotonic() - began
        except DBAPIError:
            pass
        await asyncio.sleep(0.05)
    return None


async def _drained(engine: AsyncEngine, city: str, acknowledged: int, expected: int) -> Account:
    """The account once all expected events are stored and nothing moves any more, or when time is up."""
    deadline = time.monotonic() + DRAIN_LIMIT_S
    before: Account | None = None
    while True:
        async with engine.connect() as connection:
            account = await _account(connection, city, acknowledged, expected)
        if (account.stored >= expected and account == before) or time.monotonic() > deadline:
            return account
        before = account
        await asyncio.sleep(1.5)


async def _account(connection: AsyncConnection, city: str, acknowledged: int, expected: int) -> Account:
    stored = await connection.scalar(
        sa.text("SELECT count(*) FROM ledger_department WHERE city = :city"), {"city": city}
    )
    offsets = (
        await connection.execute(
            sa.text(
                "SELECT coalesce(sum(next_offset - first_offset - stored - duplicate - rejected - skipped), 0)::bigint,"
                " coalesce(sum(skipped), 0)::bigint, coalesce(sum(duplicate), 0)::bigint FROM consumer_offset"
            )
        )
    ).one()
    letters = await connection.scalar(sa.text("SELECT count(*) FROM dead_letter WHERE city = :city"), {"city": city})
    return Account(acknowledged, expected, stored or 0, offsets[0], offsets[1], letters or 0, offsets[2])


async def _compared(installation: Installation, delivered: Delivered) -> list[Difference]:
    """Differences of the first snapshot that has none, or of the last one tried."""
    differences = [Difference("—", "snapshot", "one", "none")]
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        for _ in range(15):
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
