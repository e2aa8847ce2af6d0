"""Running a simulated city against an installation: history, then live or load, then the comparison."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from schemas.identity import Identity
from schemas.snapshot import Snapshot
from services.runtime.clock import utc_now
from services.runtime.messages import language, text
from simulators import devices, history, load
from simulators.cities import CITIES, City
from simulators.coverage import Coverage
from simulators.delivered import Delivered
from simulators.facts import Fact
from simulators.moments import DAY, MINUTE, milliseconds
from simulators.systems import SYSTEMS
from simulators.verify import Difference, compare

SYSTEM = SYSTEMS["contact-centre"]
FOREVER_MS = 3650 * DAY
CAUGHT_UP_MS = 2000
RECENT_MS = MINUTE
"""What devices kept for this long they still tell themselves; older things are for `--history`."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a simulated city reports to."""

    mqtt_host: str
    mqtt_port: int
    passwords: Mapping[Identity, str]
    intake: str
    key: str
    api: str


@dataclass(frozen=True, slots=True)
class Past:
    """What happened in a city since `begin` (ms since 1970), and the intake it is told to."""

    city: City
    seed: int
    begin: int
    intake: str
    key: str


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    city: City
    seed: int
    history_ms: int
    realtime: bool
    load: load.Load | None
    truth: Path | None
    state: Path | None
    verify: bool
    verify_timeout: timedelta


def realtime_devices(city: str) -> list[Identity]:
    """Who reports when a city runs live."""
    return [Identity(city, SYSTEM.name, device) for device in SYSTEM.devices(CITIES[city])]


async def run(order: Order, target: Target, console: Console) -> list[Difference] | None:
    """History, then live or load, then verify. None when nothing was verified."""
    delivered = Delivered(order.truth, keep=order.truth is not None or order.verify)
    coverage = Coverage(order.state, f"{order.city.code}/{order.seed}")
    try:
        if order.history_ms:
            await _past(order, target, delivered, coverage, console)
        if order.load:
            await _load(order.load, target, delivered, console)
        if order.realtime:
            await _live(order, target, delivered, coverage, console)
    finally:
        delivered.close()
    return await _verify(order, target, delivered, console) if order.verify else None


async def _past(order: Order, target: Target, delivered: Delivered, coverage: Coverage, console: Console) -> None:
    now = milliseconds(utc_now())
    with console.status(text("simulate.history_begins")) as status:

        def show(count: int) -> None:
            line = text("simulate.history_progress", count=f"{count:,}")
            status.update(line)
            if not console.is_terminal:
                console.print(line, highlight=False)

        past = Past(order.city, order.seed, now - order.history_ms, target.intake, target.key)
        told = await tell_past(past, delivered, coverage, show)
    console.print(text("simulate.history_done", count=f"{told:,}"), highlight=False)


async def tell_past(past: Past, delivered: Delivered, coverage: Coverage, progress: Callable[[int], None]) -> int:
    """Tell what is not told yet, then what happened meanwhile; the number of events."""
    told = 0
    while True:
        gaps = list(coverage.gaps(past.begin, milliseconds(utc_now())))
        if sum(last - first for first, last in gaps) < CAUGHT_UP_MS:
            return told
        for first, last in gaps:
            facts = SYSTEM.facts(past.seed, past.city, first, last)
            sent = partial(_sum, progress, told)
            told += await history.send(past.city, facts, past.intake, past.key, delivered, sent)
            coverage.add(first, last)


def _sum(progress: Callable[[int], None], before: int, count: int) -> None:
    progress(before + count)


async def _live(order: Order, target: Target, delivered: Delivered, coverage: Coverage, console: Console) -> None:
    begin = live_from(coverage, milliseconds(utc_now()), after_history=order.history_ms > 0)
    facts = SYSTEM.facts(order.seed, order.city, begin, begin + FOREVER_MS)
    console.print(text("simulate.live", city=order.city.names[language()], devices=len(SYSTEM.devices(order.city))))

    def sent(fact: Fact) -> None:
        coverage.add(begin, fact.time + 1)

    accounts = {identity: target.passwords[identity] for identity in realtime_devices(order.city.code)}
    await devices.run(order.city, facts, target.mqtt_host, target.mqtt_port, accounts, delivered, utc_now, sent)


def live_from(coverage: Coverage, now: int, *, after_history: bool) -> int:
    """Where a live city goes on (ms since 1970): where it stopped, unless that is long ago and nobody told the rest."""
    told = max((end for _, end in coverage.ranges), default=0)
    return told if after_history or now - told <= RECENT_MS else now


async def _load(wanted: load.Load, target: Target, delivered: Delivered, console: Console) -> None:
    console.print(text("simulate.load", rate=wanted.rate, seconds=wanted.duration_s), highlight=False)
    now = milliseconds(utc_now())
    result = await load.run(wanted, target.mqtt_host, target.mqtt_port, target.passwords, delivered, now)
    done = {"sent": f"{result.sent:,}", "acknowledged": f"{result.acknowledged:,}", "seconds": f"{result.took_s:.1f}"}
    console.print(text("simulate.load_done", **done), highlight=False)


async def _verify(order: Order, target: Target, delivered: Delivered, console: Console) -> list[Difference]:
    """Compare snapshots until one agrees or time is up."""
    deadline = utc_now() + order.verify_timeout
    url = f"{target.api}/api/v1/cities/{order.city.code}/cityscore"
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        while True:
            differences = await _differences(client, url, delivered)
            if not differences or utc_now() >= deadline:
                break
            await asyncio.sleep(1)
    if not differences:
        console.print(text("simulate.verified", count=f"{delivered.count:,}"), highlight=False)
        return []
    table = Table(*(text(f"simulate.column_{name}") for name in ("kpi", "what", "expected", "found")))
    for difference in differences:
        table.add_row(*difference)
    console.print(table)
    return differences


async def _differences(client: httpx2.AsyncClient, url: str, delivered: Delivered) -> list[Difference]:
    try:
        response = await client.get(url)
        response.raise_for_status()
        snapshot = Snapshot.model_validate_json(response.content)
    except (httpx2.HTTPError, ValidationError) as error:
        return [Difference("—", "snapshot", url, str(error)[:200])]
    return await asyncio.to_thread(compare, snapshot, delivered)
