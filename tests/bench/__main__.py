"""`python -m tests.bench`: measures an installation on this machine and prints tables. It asserts nothing."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
from collections.abc import Iterable
from pathlib import Path

import psutil
from rich.console import Console

from tests.bench import run
from tests.bench.processes import Usage
from tests.bench.run import Latency, Rate, percentile
from tests.installation import Installation, own_stack, ports_from, services_on

FOLDER = Path(".stack-bench")
PORT_OFFSET = 12_500


def main() -> None:
    """Bring an installation up, measure, print."""
    asked = _arguments()
    say = Console(highlight=False, soft_wrap=True, markup=False).print
    with own_stack(FOLDER, ports_from(PORT_OFFSET)) as stack:
        memory = f"{psutil.virtual_memory().total / 2**30:.0f} GiB"
        say(f"{os.cpu_count()} cores, {memory}, Python {platform.python_version()}, one machine for everything\n")
        for rate in asked.rates:
            with services_on(stack) as installation:
                say(_latency_table(asyncio.run(_latency(installation, rate, asked))))
        with services_on(stack) as installation:
            say(_reads_line(asyncio.run(_reads(installation, asked))))
            say(_rate_table(asyncio.run(run.throughput(installation, asked.seconds, asked.devices, asked.ahead))))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--seconds", type=float, default=0.0, help="of each measurement; default 12, with --full 600")
    parser.add_argument("--full", action="store_true", help="ten minutes each")
    parser.add_argument("--devices", type=int, default=8, help="MQTT connections of the generator")
    parser.add_argument("--rates", type=float, nargs="*", default=[500.0, 2000.0], help="msg/s of the latency tables")
    parser.add_argument("--ahead", type=int, default=4000, help="messages sent and not committed, at most (rate)")
    parser.add_argument("--reads", type=int, default=1000, help="snapshot reads")
    asked = parser.parse_args()
    asked.seconds = asked.seconds or (600.0 if asked.full else 12.0)
    return asked


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
    lines += [f"| {found.sent} | {len(shown)} | {figures} |", *_usage_table(found.usage), ""]
    return "\n".join(lines)


def _rate_table(found: Rate) -> str:
    rate = found.committed / found.seconds
    head = ["### Device to commit, single events, QoS 1", "", "| committed | seconds | msg/s |", "|---|---|---|"]
    return "\n".join(
        [*head, f"| {found.committed} | {found.seconds:.1f} | {rate:.0f} |", *_usage_table(found.usage), ""]
    )


def _reads_line(took: list[float]) -> str:
    head = ["### Snapshot reads", "", "| reads | p50 ms | p99 ms |", "|---|---|---|"]
    return "\n".join([*head, f"| {len(took)} | {percentile(took, 0.5):.2f} | {percentile(took, 0.99):.2f} |", ""])


def _usage_table(usage: Usage) -> Iterable[str]:
    yield from ("", "| process | CPU, cores | memory, MiB |", "|---|---|---|")
    for name in sorted(usage.cpu):
        yield f"| {name} | {usage.cpu[name]:.2f} | {usage.memory[name]:.0f} |"


if __name__ == "__main__":
    main()
