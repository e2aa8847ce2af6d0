"""`python -m tests.chaos burst`: ten times the ordinary rate for five minutes; what waits where, who needs what.

A minute at the ordinary rate, five at ten times that, a minute ordinary again, and then whatever is still on its way.
Memory of every program, servers included, and the backlogs are read every few seconds.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Final

import httpx2

from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators import sending
from simulators.faults import Faults
from simulators.load import Load
from simulators.moments import milliseconds
from tests.chaos import trial
from tests.chaos.trial import Report
from tests.chaos.wiring import Wired
from tests.installation import Installation
from tests.watching import by_program, series

TIMES: Final = 10
ORDINARY_S: Final = 60.0
BURST_S: Final = 300.0
EVERY_S: Final = 5.0
LAST_S: Final = 120.0
"""Growth is that of the last two minutes of the burst: what came before may be warming up."""
DRAIN_S: Final = 1800.0
TAKEN: Final = 'ahual_ingest_messages_total{way="mqtt"}'
LAG: Final = "ahual_scorer_lag_records{"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at everything."""

    at_s: float
    """Since the burst began."""
    memory: Mapping[str, int]
    """MiB by program."""
    broker: int
    """Messages acknowledged to devices that no gateway has taken."""
    kafka: int
    """Records in Kafka that are not stored."""
    answer_ms: float
    """How long the API took for the city's score."""


@dataclass(slots=True)
class Watch:
    """What was seen."""

    samples: list[Sample] = field(default_factory=list)
    began: float = 0.0
    ended_s: float = 0.0
    drained_s: float = 0.0
    burst: int = 0
    """Messages acknowledged in the burst."""
    took_s: float = 0.0


async def run(wired: Wired, installation: Installation, seed: int, rate: float) -> tuple[Report, Watch]:
    """The three loads, one after the other, and the account of it all."""
    ordinary = Load(
        installation.city,
        seed,
        rate,
        ORDINARY_S,
        devices=40,
        faults=Faults(duplicates=0.02, disorder=0.05, lateness=0.05),
    )
    heavy = replace(ordinary, seed=seed + 1, rate=TIMES * rate, duration_s=BURST_S)
    report, watch = Report(heavy), Watch(began=time.monotonic())
    passwords = await asyncio.to_thread(installation.passwords, ordinary.identities)
    engine = open_database(installation.database_url, application="chaos")
    report.before = await trial.quiet(engine)
    await engine.dispose()
    watching = asyncio.create_task(_watch(wired, installation, report, watch))

    async def send(part: Load) -> sending.Sent:
        now = milliseconds(utc_now())
        port = wired.device_port
        return await sending.run(
            part, "127.0.0.1", port, passwords, report.delivered, now, persistent=True, drain_s=DRAIN_S
        )

    await send(ordinary)
    watch.began = time.monotonic()
    sent = await send(heavy)
    watch.ended_s, watch.burst, watch.took_s = time.monotonic() - watch.began, sent.acknowledged, sent.took_s
    await send(replace(ordinary, seed=seed + 2))
    await trial.check(installation, report, DRAIN_S)
    watch.drained_s = time.monotonic() - watch.began - watch.ended_s
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching
    return report, watch


async def _watch(wired: Wired, installation: Installation, report: Report, watch: Watch) -> None:
    ports = wired.stack.ports
    async with httpx2.AsyncClient(timeout=20, trust_env=False) as client:
        before = (await _series(client, ports.metrics_ingest)).get(TAKEN, 0.0)
        while True:
            with suppress(httpx2.HTTPError):  # a new city has no score yet
                memory = await asyncio.to_thread(by_program, wired.stack)
                acknowledged = report.delivered.count
                taken = (await _series(client, ports.metrics_ingest)).get(TAKEN, 0.0) - before
                lag = sum(
                    n for name, n in (await _series(client, ports.metrics_scorer)).items() if name.startswith(LAG)
                )
                asked = time.monotonic()
                await installation.snapshot(client)
                now = time.monotonic()
                waiting = max(0, acknowledged - round(taken))
                watch.samples.append(Sample(asked - watch.began, memory, waiting, round(lag), 1000 * (now - asked)))
            await asyncio.sleep(EVERY_S)


async def _series(client: httpx2.AsyncClient, port: int) -> Mapping[str, float]:
    return series((await client.get(f"http://127.0.0.1:{port}/metrics")).text)


def table(watch: Watch) -> str:
    """Markdown."""
    during = [sample for sample in watch.samples if 0 <= sample.at_s <= watch.ended_s]
    before = [sample for sample in watch.samples if sample.at_s < 0] or during[:1]
    last = [sample for sample in during if sample.at_s >= watch.ended_s - LAST_S] or during
    lines = ["", "| program | ordinary, MiB | peak | at the burst's end | grown in its last 2 min | at the end |"]
    lines.append("|---|---|---|---|---|---|")
    for program in sorted(before[-1].memory):
        peak = max(_of(watch.samples, program))
        end, grown = _of(during, program)[-1], _of(last, program)[-1] - _of(last, program)[0]
        first, afterwards = _of(before, program)[-1], _of(watch.samples, program)[-1]
        lines.append(f"| {program} | {first} | {peak} | {end} | {grown:+d} | {afterwards} |")
    answers = sorted(sample.answer_ms for sample in during)
    rows = {
        "messages of the burst acknowledged": watch.burst,
        "a second": round(watch.burst / watch.took_s),
        "most that waited in Mosquitto": max(sample.broker for sample in watch.samples),
        "most that waited in Kafka": max(sample.kafka for sample in watch.samples),
        "waiting in Mosquitto / Kafka at the burst's end": f"{during[-1].broker} / {during[-1].kafka}",
        "all stored and equal, s after the burst's end": round(watch.drained_s),
        "API's answer in the burst, median / longest, ms": f"{answers[len(answers) // 2]:.0f} / {answers[-1]:.0f}",
    }
    return "\n".join([*lines, "", "| what | number |", "|---|---|", *(f"| {k} | {v} |" for k, v in rows.items())])


def _of(samples: Sequence[Sample], program: str) -> list[int]:
    return [sample.memory.get(program, 0) for sample in samples]
