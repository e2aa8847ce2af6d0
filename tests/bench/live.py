"""From a device: latency to the API, snapshot reads, rate to the commit."""

from __future__ import annotations

import argparse
import asyncio

from tests.bench import run
from tests.bench.run import Latency, Rate
from tests.bench.say import say
from tests.bench.stacks import bench_stack
from tests.bench.tables import percentile, usage_table
from tests.installation import Installation, services_on


def measure(asked: argparse.Namespace) -> None:
    """An installation of its own, a latency table per rate, then reads, then the rate."""
    with bench_stack() as stack:
        for rate in asked.rates:
            with services_on(stack) as installation:
                say(_latency_table(asyncio.run(_latency(installation, rate, asked))))
        with services_on(stack) as installation:
            say(_reads_line(asyncio.run(_reads(installation, asked))))
            say(_rate_table(asyncio.run(run.throughput(installation, asked.seconds, asked.devices, asked.ahead))))


async def _latency(installation: Installation, rate: float, asked: argparse.Namespace) -> Latency:
    await run.latency(installation, rate, 3, asked.devices)
    return await run.latency(installation, rate, asked.seconds, asked.devices)


async def _reads(installation: Installation, asked: argparse.Namespace) -> list[float]:
    await run.latency(installation, 500, 2, asked.devices)
    return await run.reads(installation, asked.reads)


def _latency_table(found: Latency) -> str:
    shown = found.shown_ms
    lines = [
        f"### Device to API at {found.rate:g} msg/s",
        "",
        "| messages | shown | p50 ms | p95 ms | p99 ms | max ms |",
    ]
    lines.append("|---|---|---|---|---|---|")
    figures = " | ".join(f"{value:.0f}" for value in (*(percentile(shown, p) for p in (0.5, 0.95, 0.99)), max(shown)))
    lines += [f"| {found.sent} | {len(shown)} | {figures} |", *usage_table(found.usage), ""]
    return "\n".join(lines)


def _rate_table(found: Rate) -> str:
    rate = found.committed / found.seconds
    head = ["### Device to commit, single events, QoS 1", "", "| committed | seconds | msg/s |", "|---|---|---|"]
    return "\n".join(
        [*head, f"| {found.committed} | {found.seconds:.1f} | {rate:.0f} |", *usage_table(found.usage), ""]
    )


def _reads_line(took: list[float]) -> str:
    head = ["### Snapshot reads", "", "| reads | p50 ms | p99 ms |", "|---|---|---|"]
    return "\n".join([*head, f"| {len(took)} | {percentile(took, 0.5):.2f} | {percentile(took, 0.99):.2f} |", ""])
