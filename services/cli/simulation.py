"""Running a simulated city against an installation: history, then live or load, then the comparison."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx2
from pydantic import SecretStr, ValidationError
from rich.console import Console
from rich.table import Table

from schemas.identity import Identity
from schemas.snapshot import ClosedSnapshot, Snapshot
from services.ingest.register import put
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.messages import language, text
from simulators import history, live, sending, sensors, verify
from simulators.cities import City
from simulators.coverage import Coverage
from simulators.delivered import Delivered
from simulators.expectation import Basis, expect
from simulators.faults import Faults
from simulators.history import Keys
from simulators.live import Spread
from simulators.load import Load, facts_of
from simulators.moments import DAY, MINUTE, milliseconds, moment
from simulators.system import System
from simulators.systems import SYSTEMS
from simulators.truths.events import Events, Place
from simulators.verify import Difference
from simulators.wire import Message

FOREVER_MS = 3650 * DAY
CAUGHT_UP_MS = 2000
REGISTRY_S = 4.0
"""Until every gateway knows of an entry in the device registry."""
RECENT_MS = MINUTE
"""What devices kept for this long they still tell themselves; older things are for `--history`."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a simulated city reports to."""

    mqtt_host: str
    mqtt_port: int
    passwords: dict[Identity, str]
    intake: str
    keys: Keys
    api: str


@dataclass(frozen=True, slots=True)
class Past:
    """What happened in a city since `begin` (ms since 1970), and the intake it is told to."""

    city: City
    seed: int
    begin: int
    intake: str
    keys: Keys
    systems: tuple[str, ...] = tuple(SYSTEMS)
    until: int | None = None
    """Its end (ms since 1970); None: now, and what happens meanwhile too."""
    faults: Faults = field(default_factory=Faults)
    memory: bool = True
    """Whether systems begin as much earlier as their KPIs look back."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for."""

    city: City
    seed: int
    systems: tuple[str, ...]
    devices: int
    """Of each system; 0: as many as it has."""
    faults: Faults
    history_ms: int
    until: int | None
    realtime: bool
    load: Load | None
    events: Path | None
    truth: Path | None
    state: Path | None
    verify: bool
    verify_timeout: timedelta

    @property
    def spread(self) -> Spread:
        """Who reports when the city runs live over MQTT."""
        return Spread(self.city, self._live(over_http=False), self.devices)

    @property
    def departments(self) -> list[System]:
        """Who reports over HTTP then."""
        return self._live(over_http=True)

    def _live(self, *, over_http: bool) -> list[System]:
        return [SYSTEMS[name] for name in self.systems if SYSTEMS[name].over_http is over_http]


async def run(order: Order, target: Target, console: Console) -> list[Difference] | None:
    """History, then live or load, then the truth and the comparison. None when nothing was compared."""
    wanted = bool(order.events or order.truth or order.verify)
    delivered = Delivered(order.events, keep=wanted)
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
        if order.truth:
            write_truth(order.truth, order.city, delivered)
    return await _verify(order, target, delivered, console) if order.verify else None


def write_truth(path: Path, city: City, delivered: Iterable[bytes]) -> None:
    """Every figure of now, live and closed, as it must be; 1.1, which runs to the commit, has none."""
    events = Events(delivered, Place(city.category.value, city.timezone))
    now = milliseconds(utc_now())
    truths: dict[str, Any] = {"city": city.code}
    for basis in verify.BASES:
        truths[basis] = expect(events, now, basis).as_json()
    path.write_text(json.dumps(truths, indent=1, ensure_ascii=False) + "\n", "utf-8")


async def _past(order: Order, target: Target, delivered: Delivered, coverage: Coverage, console: Console) -> None:
    end = order.until or milliseconds(utc_now())
    with console.status(text("simulate.history_begins")) as status:

        def show(count: int) -> None:
            line = text("simulate.history_progress", count=f"{count:,}")
            status.update(line)
            if not console.is_terminal:
                console.print(line, highlight=False)

        begin = end - order.history_ms
        past = Past(
            order.city,
            order.seed,
            begin,
            target.intake,
            target.keys,
            order.systems,
            order.until,
            order.faults,
        )
        told = await tell_past(past, delivered, coverage, show)
    console.print(text("simulate.history_done", count=f"{told:,}"), highlight=False)


async def register_sensors(url: SecretStr, city: City, reporting: Iterable[Identity]) -> None:
    """Tell the device registry what the sensors' own names mean; RegisterError when the city is not known."""
    entries = list(sensors.registered(city, reporting))
    if entries:
        engine = open_database(url, pool_size=1, application="ahual-simulate")
        try:
            await put(engine, entries, "ahual simulate")
        finally:
            await engine.dispose()


def oldest(systems: Iterable[str], begin: int) -> datetime:
    """The day before the first fact of a past that begins then (ms since 1970)."""
    return moment(begin - (max(SYSTEMS[system].memory_days for system in systems) + 1) * DAY)


async def tell_past(past: Past, delivered: Delivered, coverage: Coverage, progress: Callable[[int], None]) -> int:
    """Tell what is not told yet, then what happened meanwhile; the number of events."""
    told = 0
    for name in past.systems:
        system = SYSTEMS[name]
        begin = past.begin - (system.memory_days * DAY if past.memory else 0)
        if system.recalled and past.memory:
            told += await _tell(past, replace(system, facts=system.recalled), (begin, past.begin), delivered, progress)
            begin = past.begin
        own = coverage.of(name)
        while True:
            gaps = list(own.gaps(begin, past.until or milliseconds(utc_now())))
            if sum(last - first for first, last in gaps) < CAUGHT_UP_MS:
                break
            for gap in gaps:
                told += await _tell(past, system, gap, delivered, partial(_sum, progress, told))
                own.add(*gap)
    return told


async def _tell(
    past: Past, system: System, told: tuple[int, int], delivered: Delivered, progress: Callable[[int], None]
) -> int:
    """Tell a system's facts of a range; the number of events."""
    middle = past.begin + (told[1] - past.begin) // 2
    plan = history.plan(past.city, system, past.seed, told, past.faults, middle)
    return await history.send(plan, past.intake, past.keys, delivered, progress)


def _sum(progress: Callable[[int], None], before: int, count: int) -> None:
    progress(before + count)


async def _live(order: Order, target: Target, delivered: Delivered, coverage: Coverage, console: Console) -> None:
    now = milliseconds(utc_now())
    who, departments = order.spread, order.departments
    count = len(who.identities)
    console.print(text("simulate.live", city=order.city.names[language()], devices=count, departments=len(departments)))
    begins = {name: live_from(coverage.of(name), now, after_history=order.history_ms > 0) for name in order.systems}

    def plan(names: Sequence[str]) -> Iterable[Message]:
        begin = min(begins[name] for name in names)
        facts = facts_of(names, order.seed, order.city, begin, begin + FOREVER_MS)
        untold = (fact for fact in facts if fact.time >= begins[fact.system])
        return live.plan(order.city, order.seed, untold, who, order.faults, now)

    def sent(message: Message) -> None:
        system = message.identity.system
        coverage.of(system).add(begins[system], max(begins[system], message.due))

    accounts = {identity: target.passwords[identity] for identity in who.identities}
    over_http = [system.name for system in departments]
    over_mqtt = [name for name in order.systems if name not in over_http]
    async with asyncio.TaskGroup() as group:
        if over_mqtt:
            line = (target.mqtt_host, target.mqtt_port, accounts, delivered, now, order.faults)
            group.create_task(sending.send(plan(over_mqtt), *line, persistent=True, on_sent=sent))
        if over_http:
            group.create_task(live.post(plan(over_http), target.intake, target.keys, delivered, utc_now, sent))


def live_from(coverage: Coverage, now: int, *, after_history: bool) -> int:
    """Where a live city goes on (ms since 1970): where it stopped, unless that is long ago and nobody told the rest."""
    told = max((end for _, end in coverage.ranges), default=0)
    return told if after_history or now - told <= RECENT_MS else now


async def _load(wanted: Load, target: Target, delivered: Delivered, console: Console) -> None:
    console.print(text("simulate.load", rate=wanted.rate, seconds=wanted.duration_s), highlight=False)
    now = milliseconds(utc_now())
    result = await sending.run(wanted, target.mqtt_host, target.mqtt_port, target.passwords, delivered, now)
    done = {"sent": f"{result.sent:,}", "acknowledged": f"{result.acknowledged:,}", "seconds": f"{result.took_s:.1f}"}
    console.print(text("simulate.load_done", **done), highlight=False)


async def _verify(order: Order, target: Target, delivered: Delivered, console: Console) -> list[Difference]:
    """Compare snapshots, live and closed, until they agree or time is up."""
    found = await differences(target.api, order.city, delivered, order.verify_timeout)
    if not found:
        console.print(text("simulate.verified", count=f"{delivered.count:,}"), highlight=False)
        return []
    table = Table(*(text(f"simulate.column_{name}") for name in ("kpi", "what", "expected", "found")))
    for difference in found:
        table.add_row(*difference)
    console.print(table)
    return found


async def differences(
    api: str, city: City, delivered: Iterable[bytes], within: timedelta, bases: Sequence[Basis] = verify.BASES
) -> list[Difference]:
    """What the API says of a city and is not so, live and closed; the last look's, when time is up."""
    deadline = utc_now() + within
    events = await asyncio.to_thread(Events, delivered, Place(city.category.value, city.timezone))
    async with httpx2.AsyncClient(base_url=api, timeout=30, trust_env=False) as client:
        while True:
            found = []
            for basis in bases:
                url = f"/api/v1/cities/{city.code}/cityscore?window={basis}"
                found += await _differences(client, url, _SNAPSHOTS[basis], events)
            if not found or utc_now() >= deadline:
                return found
            await asyncio.sleep(1)


_SNAPSHOTS: Final[Mapping[Basis, type[Snapshot] | type[ClosedSnapshot]]] = {"live": Snapshot, "closed": ClosedSnapshot}


async def _differences(
    client: httpx2.AsyncClient, url: str, kind: type[Snapshot] | type[ClosedSnapshot], events: Events
) -> list[Difference]:
    try:
        response = await client.get(url)
        response.raise_for_status()
        snapshot = kind.model_validate_json(response.content)
    except (httpx2.HTTPError, ValidationError) as error:
        return [Difference("—", "snapshot", url, str(error)[:200])]
    return await asyncio.to_thread(verify.differences, snapshot, events)
