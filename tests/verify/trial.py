"""One city: its month over HTTP, then devices over MQTT, then every figure, the ledger and the dead letters."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import httpx2
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.snapshot import ClosedSnapshot, Snapshot
from schemas.tables import dead_letter
from services.cli.database import open_past
from services.cli.simulate import intake_keys
from services.cli.simulation import REGISTRY_S, Past, differences, oldest, register_sensors, tell_past
from services.ingest import replay
from services.ingest.seal import Opener
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators import live, sending
from simulators.cities import City
from simulators.coverage import Coverage
from simulators.delivered import Delivered
from simulators.expectation import Basis
from simulators.faults import Faults
from simulators.live import Spread
from simulators.load import Load, facts_of
from simulators.moments import DAY, milliseconds
from simulators.sending import Sent
from simulators.system import System
from simulators.systems import SYSTEMS
from simulators.verify import BASES, Difference
from simulators.wire import Message
from tests.installation import Installation

WITHIN = timedelta(minutes=8)
"""For the figures to agree: closed periods wait until the past has stopped changing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to simulate; the city's code is that of the installation."""

    city: City
    seed: int
    systems: tuple[str, ...] = tuple(SYSTEMS)
    days: int = 31
    faults: Faults = field(default_factory=Faults)
    live_s: float = 20.0
    """So long the city's own devices report over MQTT, and its departments over HTTP …"""
    load_s: float = 20.0
    """… and so long a crowd of them, at this rate a second."""
    rate: float = 200.0
    devices: int = 4
    """Of each system, in the crowd."""
    memory: bool = True
    """Whether systems begin as much earlier as their KPIs look back."""
    bases: tuple[Basis, ...] = BASES
    """What is compared; closed periods take two minutes until they are there."""
    within: timedelta = WITHIN


@dataclass(frozen=True, slots=True)
class Letters:
    """Dead letters against what had to become one."""

    expected: int
    """Messages that no contract lets in, each sent at least once."""
    found: int
    reasons: dict[str, int]
    unexplained: Sequence[str]
    """Dead letters of nothing we spoilt, or for another reason, and what we spoilt and no dead letter tells."""


@dataclass(slots=True)
class Report:
    """What came of it."""

    wanted: Wanted
    delivered: Delivered = field(default_factory=Delivered)
    sent: Sent = field(default_factory=Sent)
    """The crowd's messages."""
    told: int = 0
    told_s: float = 0.0
    agreed_s: float = 0.0
    differences: list[Difference] = field(default_factory=list)
    live: Snapshot | None = None
    closed: ClosedSnapshot | None = None
    stored: int = 0
    distinct: int = 0
    letters: Letters | None = None

    @property
    def good(self) -> bool:
        """Every figure right, every event stored once, every dead letter explained."""
        explained = self.letters is not None and not self.letters.unexplained
        return not self.differences and self.stored == self.distinct and explained


async def run(installation: Installation, wanted: Wanted) -> Report:
    """Tell, report, compare."""
    report = Report(wanted)
    began = time.monotonic()
    reporting = [*_devices(wanted).identities, *_crowd(wanted).identities]
    await register_sensors(installation.database_url, wanted.city, reporting)
    async with intake_keys(installation.database_url, installation.city, wanted.systems) as keys:
        intake = f"http://127.0.0.1:{installation.stack.ports.ingest_http}"
        if wanted.days:
            begin = milliseconds(utc_now()) - wanted.days * DAY
            await open_past(installation.database_url, oldest(wanted.systems, begin))
            past = Past(
                wanted.city, wanted.seed, begin, intake, keys, wanted.systems, None, wanted.faults, wanted.memory
            )
            report.told = await tell_past(past, report.delivered, Coverage(None, ""), lambda _count: None)
        report.told_s = time.monotonic() - began
        await asyncio.sleep(max(0.0, began + REGISTRY_S - time.monotonic()))
        if wanted.live_s:
            await _report_live(installation, wanted, report.delivered, intake, keys)
        if wanted.load_s:
            report.sent = await _load(installation, wanted, report.delivered)
    began = time.monotonic()
    report.differences = await differences(installation.api, wanted.city, report.delivered, wanted.within, wanted.bases)
    report.agreed_s = time.monotonic() - began
    report.distinct = len(set(report.delivered))
    async with httpx2.AsyncClient(timeout=30, trust_env=False) as client:
        url = f"{installation.api}/api/v1/cities/{installation.city}/cityscore?window="
        report.live = Snapshot.model_validate_json((await client.get(f"{url}live")).content)
        if "closed" in wanted.bases:
            report.closed = ClosedSnapshot.model_validate_json((await client.get(f"{url}closed")).content)
    engine = open_database(installation.database_url, application="verify")
    try:
        opener = Opener.read(installation.stack.privacy.seal_private)
        report.stored = await _stored(engine, installation.city)
        report.letters = await _letters(engine, installation.city, report.delivered, opener)
    finally:
        await engine.dispose()
    return report


async def _report_live(
    installation: Installation, wanted: Wanted, delivered: Delivered, intake: str, keys: dict[str, str]
) -> None:
    """The city as it is: an MQTT connection per device, departments over HTTP."""
    now = milliseconds(utc_now())
    over_mqtt = _reporting(wanted, over_http=False)
    over_http = _reporting(wanted, over_http=True)
    devices = _devices(wanted)
    accounts = await asyncio.to_thread(installation.passwords, devices.identities)
    begin = now + 2000  # what has happened by now was told as history
    end = begin + round(wanted.live_s * 1000)

    def plan(systems: Sequence[System], who: Spread) -> list[Message]:
        facts = facts_of([system.name for system in systems], wanted.seed, wanted.city, begin, end)
        return list(live.plan(wanted.city, wanted.seed, facts, who, wanted.faults, now))

    port = installation.stack.ports.mqtt
    await asyncio.gather(
        sending.send(plan(over_mqtt, devices), "127.0.0.1", port, accounts, delivered, now, wanted.faults),
        live.post(plan(over_http, Spread(wanted.city, over_http, 0)), intake, keys, delivered, utc_now),
    )


def _reporting(wanted: Wanted, *, over_http: bool) -> list[System]:
    return [SYSTEMS[name] for name in wanted.systems if SYSTEMS[name].over_http is over_http]


def _devices(wanted: Wanted) -> Spread:
    return Spread(wanted.city, _reporting(wanted, over_http=False), 0)


def _crowd(wanted: Wanted) -> Load:
    code, how = wanted.city.code, (wanted.rate, wanted.load_s, wanted.devices)
    return Load(code, wanted.seed, *how, wanted.systems, wanted.faults)


async def _load(installation: Installation, wanted: Wanted, delivered: Delivered) -> Sent:
    crowd = _crowd(wanted)
    accounts = await asyncio.to_thread(installation.passwords, crowd.identities)
    port = installation.stack.ports.mqtt
    return await sending.run(crowd, "127.0.0.1", port, accounts, delivered, milliseconds(utc_now()))


async def _stored(engine: AsyncEngine, city: str) -> int:
    query = sa.text("SELECT sum(events) FROM source_activity WHERE city = :city")
    async with engine.connect() as connection:
        return int(await connection.scalar(query, {"city": city}) or 0)


async def _letters(engine: AsyncEngine, city: str, delivered: Delivered, opener: Opener) -> Letters:
    """Each dead letter, opened, by the hash of what was sent."""
    query = sa.select(dead_letter).where(dead_letter.c.city == city)
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    found = [(replay.opened(row, opener).sha256, row) for row in rows]
    spoilt = {hashlib.sha256(message).hexdigest(): reason for message, reason in delivered.refused.items()}
    unexplained = [f"{row.reason}: {row.detail}" for name, row in found if spoilt.get(name) != row.reason]
    missing = spoilt.keys() - {name for name, _ in found}
    unexplained += [f"no dead letter of a message that is {spoilt[one]}" for one in missing]
    return Letters(len(spoilt), len(rows), dict(Counter(row.reason for row in rows)), unexplained)
