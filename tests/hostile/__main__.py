"""`python -m tests.hostile`: a million hostile messages over MQTT; no crash, no hang, no growing memory, nothing lost.

Every fifth is a SenML pack. Every one must be acknowledged and end as an event or as dead letters; the processes must
be those that were there at the beginning, and a good message after it all must move the score. Prints a table.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import httpx2
from rich.console import Console

from schemas.device import Device, read_channels
from schemas.identity import Identity
from services.ingest import register
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators.sending import persistent_publishers
from tests.hostile.payloads import heavy, packs, payloads
from tests.hostile.targets import CHANNELS
from tests.ingest.events import call, encoded
from tests.installation import SERVICES, Installation, own_stack, ports_from, services_on
from tests.watching import by_program, series

FOLDER = Path(".stack-hostile")
PORT_OFFSET = 12_200
HEAVY_EVERY = 1000
PACK_EVERY = 5
PACK = "application/senml+json"
AHEAD = 20_000
"""So many messages at most before what the gateway took: what waits is the broker's memory, and no leak."""
SAMPLE_S = 2.0
QUIET_S = 120.0
CADENCE_S = 15.0
"""A scorer writes a city's score at least each 10 s."""
LAG = "ahual_scorer_lag_records{"
ACCEPTED = 'ahual_ingest_events_total{way="mqtt"}'
TAKEN = 'ahual_ingest_messages_total{way="mqtt"}'


@dataclass
class Trial:
    """What is counted while it runs."""

    sent: int = 0
    acknowledged: int = 0
    memory: dict[str, list[int]] = field(default_factory=dict)
    """MiB, by program, servers included."""


def main() -> int:
    """0 when nothing broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.hostile", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    no_quota = {"AHUAL_INGEST_DEVICE_RATE": "0"}
    with own_stack(FOLDER, ports_from(PORT_OFFSET)) as stack, services_on(stack, settings=no_quota) as installation:
        before = pids(installation)
        trial, began = Trial(), time.monotonic()
        good = asyncio.run(run(installation, asked.seed, asked.messages, trial))
        took = time.monotonic() - began
        same = pids(installation) == before
        counts = metrics(f"http://127.0.0.1:{stack.ports.metrics_ingest}/metrics")
    say(table(trial, counts, took, same=same, good=good))
    taken = counts.get(TAKEN, 0)
    return 0 if same and good and trial.acknowledged == trial.sent and taken >= trial.sent else 1


async def run(installation: Installation, seed: int, messages: int, trial: Trial) -> bool:
    """Send them all; whether a good message afterwards is scored."""
    devices = [
        Identity(installation.city, "contact-centre", f"hostile-{n}") for n in range(2)
    ]  # fewer than stop the line
    passwords = await asyncio.to_thread(installation.passwords, devices)
    await _registered(installation, devices)

    def acknowledged(_payload: bytes, _sent: float) -> None:
        trial.acknowledged += 1

    sampling = asyncio.create_task(_sample(installation, trial))
    port = installation.stack.ports.mqtt
    async with persistent_publishers("127.0.0.1", port, passwords, acknowledged) as opened:
        connections = list(opened.values())
        for number, (payload, media) in enumerate(islice(_mixed(seed), messages)):
            await connections[number % len(connections)].send(payload, 0.0, 1000, media)
            trial.sent += 1
            if trial.sent % AHEAD == 0:
                await _taken(installation, trial.sent - AHEAD // 2)
        for connection in connections:
            await connection.drained()
        await _taken(installation, trial.sent)
        await _confirmed(installation)
        before = await _settled(installation)
        await connections[0].send(encoded(call("good", devices[0], utc_now())), 0.0, 1000)
        trial.sent += 1
        await connections[0].drained()
        good = await _grown(installation, before)
    sampling.cancel()
    return good


def _mixed(seed: int) -> Iterator[tuple[bytes, str]]:
    """Payloads with their media type; it tells packs, which have a channel of their own."""
    light, deep, senml = payloads(seed), heavy(seed), packs(seed)
    for number in count(1):
        if number % HEAVY_EVERY == 0:
            yield next(deep), ""
        elif number % PACK_EVERY == 0:
            yield next(senml), PACK
        else:
            yield next(light), ""


async def _registered(installation: Installation, devices: list[Identity]) -> None:
    """So that their packs are looked at."""
    channels = read_channels(CHANNELS)
    engine = open_database(installation.database_url, application="hostile")
    entries = [Device(**device._asdict(), channels=channels) for device in devices]
    await register.put(engine, entries, "hostile")
    await engine.dispose()


async def _taken(installation: Installation, messages: int) -> None:
    """Until the gateway has taken so many."""
    await _until(installation, lambda counts: counts.get(TAKEN, 0) >= messages)


async def _confirmed(installation: Installation) -> None:
    """Until Kafka has confirmed what came of what the gateway took."""
    await _until(installation, lambda counts: counts["ahual_ingest_in_flight"] == 0)


async def _until(installation: Installation, reached: Callable[[dict[str, float]], bool]) -> None:
    address = f"http://127.0.0.1:{installation.stack.ports.metrics_ingest}/metrics"
    while not reached(await asyncio.to_thread(metrics, address)):  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0.5)


async def _calls(installation: Installation) -> int:
    """The calls that KPI 2.1 counts."""
    async with httpx2.AsyncClient(timeout=10, trust_env=False) as client:
        return (await installation.snapshot(client)).kpis["2.1"].denominator or 0


async def _settled(installation: Installation) -> int:
    """The calls once everything is stored and the score has been written again since."""
    address = f"http://127.0.0.1:{installation.stack.ports.metrics_scorer}/metrics"
    while any(n for name, n in (await asyncio.to_thread(metrics, address)).items() if name.startswith(LAG)):  # noqa: ASYNC110  (nobody tells)
        await asyncio.sleep(0.5)
    await asyncio.sleep(CADENCE_S)
    return await _calls(installation)


async def _grown(installation: Installation, before: int) -> bool:
    """Whether one more is counted before long."""
    deadline = time.monotonic() + QUIET_S
    while time.monotonic() < deadline:
        if await _calls(installation) == before + 1:
            return True
        await asyncio.sleep(1)
    return False


async def _sample(installation: Installation, trial: Trial) -> None:
    while True:
        for program, mib in (await asyncio.to_thread(by_program, installation.stack)).items():
            trial.memory.setdefault(program, []).append(mib)
        await asyncio.sleep(SAMPLE_S)


def pids(installation: Installation) -> dict[str, int | None]:
    """Our services' process ids."""
    return {service: installation.stack.pid(service) for service in SERVICES}


def metrics(url: str) -> dict[str, float]:
    """What a service tells, by series."""
    return dict(series(httpx2.get(url, trust_env=False).text))


def table(trial: Trial, counts: dict[str, float], took_s: float, *, same: bool, good: bool) -> str:
    """Markdown."""
    lines = ["| what | number |", "|---|---|", f"| messages sent | {trial.sent} |"]
    lines += [f"| acknowledged | {trial.acknowledged} |", f"| a second | {trial.sent / took_s:.0f} |"]
    lines.append(f"| events accepted | {counts.get(ACCEPTED, 0):.0f} |")
    for name, value in sorted(counts.items()):
        if name.startswith("ahual_ingest_rejected_total{"):
            reason = name.split('"')[1]
            lines.append(f"| rejected: {reason} | {value:.0f} |")
    for service, samples in trial.memory.items():
        tenth = max(1, len(samples) // 10)
        early, late = max(samples[:tenth]), max(samples[-tenth:])
        lines.append(f"| memory of {service}, first tenth → last tenth, MiB | {early} → {late} |")
    lines.append(f"| same processes as at the beginning | {'yes' if same else 'NO'} |")
    lines.append(f"| a good message afterwards is scored | {'yes' if good else 'NO'} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
