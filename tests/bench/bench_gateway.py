"""What the gateway takes: single events at QoS 1 from some devices, until Kafka has confirmed them. Prints a table.

    python -m tests.bench.bench_gateway [--messages 50000] [--devices 8]

`live` publishes while the gateway reads; `backlog` drains what the broker kept while the gateway stood still, which is
the gateway's own limit. CPU is counted per process; the generator's is printed too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import signal
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psutil
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from deploy.migrations.run import upgrade
from deploy.stack import Ports, Stack, running_stack
from schemas.identity import Identity
from services.runtime.clock import utc_now
from tests.ingest.conftest import GatewayProcess
from tests.ingest.events import call
from tests.publishing import publish_all

PORT_OFFSET = 17_000


@dataclass(frozen=True)
class Measured:
    name: str
    messages: int
    seconds: float
    cpu: Mapping[str, float]


class Bench:
    """One gateway on one stack."""

    def __init__(self, stack: Stack, gateway: psutil.Process, identities: list[Identity]) -> None:
        self._stack = stack
        self._gateway = gateway
        self._identities = identities
        self._passwords = stack.add_devices([str(identity) for identity in identities])
        self._run = 0

    def _payloads(self, messages: int) -> dict[Identity, list[bytes]]:
        self._run += 1
        now = utc_now() - timedelta(seconds=1)
        each = messages // len(self._identities)
        return {
            i: [json.dumps(call(f"{self._run}-{n}", identity=i, when=now)).encode() for n in range(each)]
            for i in self._identities
        }

    async def _publish(self, payloads: Mapping[Identity, list[bytes]]) -> None:
        port = self._stack.ports.mqtt
        await asyncio.gather(
            *(publish_all(port, str(i), self._passwords[str(i)], part) for i, part in payloads.items())
        )

    def _confirmed(self) -> float:
        url = f"http://127.0.0.1:{self._stack.ports.metrics_ingest}/metrics"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = re.search(r'ahual_ingest_events_total\{way="mqtt"\} (\S+)', answer.read().decode())
        return float(found[1]) if found else 0.0

    async def _until(self, confirmed: float) -> None:
        while self._confirmed() < confirmed:  # noqa: ASYNC110 -- another process reaches it
            await asyncio.sleep(0.05)

    def _cpu(self) -> dict[str, float]:
        broker = psutil.Process(self._stack.pid("mosquitto")).children(recursive=True)
        broker.append(psutil.Process(self._stack.pid("mosquitto")))
        groups = {
            "gateway": [self._gateway],
            "Mosquitto": broker,
            "Kafka": [psutil.Process(self._stack.pid("kafka"))],
            "generator": [psutil.Process()],
        }
        return {name: sum(sum(p.cpu_times()[:2]) for p in group) for name, group in groups.items()}

    async def live(self, messages: int) -> Measured:
        """Publish while the gateway reads."""
        payloads = self._payloads(messages)
        total = sum(map(len, payloads.values()))
        goal, before, begin = self._confirmed() + total, self._cpu(), time.perf_counter()
        await self._publish(payloads)
        await self._until(goal)
        return self._measured("live", total, begin, before)

    async def backlog(self, messages: int) -> Measured:
        """Publish while the gateway stands still, then measure how it catches up."""
        payloads = self._payloads(messages)
        total = sum(map(len, payloads.values()))
        goal = self._confirmed() + total
        self._gateway.send_signal(signal.SIGSTOP)
        try:
            await self._publish(payloads)
        finally:
            before, begin = self._cpu(), time.perf_counter()
            self._gateway.send_signal(signal.SIGCONT)
        await self._until(goal)
        return self._measured("backlog", total, begin, before)

    def _measured(self, name: str, total: int, begin: float, before: Mapping[str, float]) -> Measured:
        seconds, after = time.perf_counter() - begin, self._cpu()
        return Measured(name, total, seconds, {k: (after[k] - before[k]) / total * 1e6 for k in after})


def show(results: list[Measured]) -> None:
    table = Table(title="Gateway, single events, QoS 1, device to Kafka's confirmation")
    for column in ("run", "messages", "msg/s", *(f"{name} µs/msg" for name in results[0].cpu)):
        table.add_column(column, justify="right")
    for result in results:
        rate = f"{result.messages / result.seconds:,.0f}"
        table.add_row(result.name, f"{result.messages:,}", rate, *(f"{cost:.1f}" for cost in result.cpu.values()))
    Console(width=110).print(table)


async def run(stack: Stack, messages: int, devices: int) -> list[Measured]:
    await upgrade(SecretStr(stack.env()["AHUAL_DATABASE_URL"]))
    gateway = GatewayProcess(stack, stack.layout.log("ingest-bench"))
    await gateway.start()
    try:
        identities = [Identity("karaganda", "contact-centre", f"bench-{n}") for n in range(devices)]
        bench = Bench(stack, psutil.Process(gateway.process.pid), identities)
        return [await measure(messages) for measure in (bench.live, bench.backlog) * 2]
    finally:
        await gateway.end(signal.SIGTERM)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=50_000)
    parser.add_argument("--devices", type=int, default=8)
    options = parser.parse_args()
    ports = Ports(**{name: field.default + PORT_OFFSET for name, field in Ports.model_fields.items()})
    with running_stack(Path(".stack-bench-gateway"), ports) as stack:
        show(asyncio.run(run(stack, options.messages, options.devices)))


if __name__ == "__main__":
    main()
