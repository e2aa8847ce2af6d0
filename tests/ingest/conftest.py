"""A gateway process on the real stack, and a reader of what it wrote to Kafka."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.dead_letter import DeadLetter
from schemas.topics import DEAD_LETTERS, EVENTS, load_topics

RUN = "from services.ingest.main import run; from services.ingest.settings import IngestSettings; run(IngestSettings())"


class GatewayProcess:
    """`ahual ingest` as a process that a test may kill."""

    def __init__(self, stack: Stack, log: Path, **settings: str) -> None:
        self._env = {
            **os.environ,
            **stack.env(),
            "AHUAL_INGEST_KEYS_REFRESH_S": "0.2",
            "AHUAL_INGEST_REGISTRY_REFRESH_S": "0.2",
            **settings,
        }
        self._log = log
        self.url = f"http://127.0.0.1:{stack.ports.ingest_http}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that runs, or ran last."""
        assert self._process is not None, "not started"
        return self._process

    async def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.to_thread(
                subprocess.Popen, [sys.executable, "-c", RUN], env=self._env, stderr=log
            )
        async with httpx2.AsyncClient() as client:
            for _ in range(300):
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx2.TransportError:
                    pass
                assert self.process.poll() is None, self._log.read_text()
                await asyncio.sleep(0.1)
        pytest.fail(f"the gateway is not ready: {self._log.read_text()[-2000:]}")

    async def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return await asyncio.to_thread(self.process.wait, 30)


class Written:
    """What came into the two topics since this reader was opened."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.events: list[bytes] = []
        self.keys: list[bytes] = []
        self.letters: list[DeadLetter] = []

    async def until(self, enough: Callable[[], bool], seconds: float = 30) -> None:
        """Read until the condition holds; the test fails when it does not within the time."""
        async with asyncio.timeout(seconds):
            while not enough():
                await self._read()

    async def settle(self) -> None:
        """Read what there is until nothing comes for a second."""
        while await self._read(1000):
            pass

    async def _read(self, timeout_ms: int = 200) -> int:
        batches = await self._consumer.getmany(timeout_ms=timeout_ms)
        for partition, records in batches.items():
            if partition.topic == EVENTS:
                self.events += [record.value for record in records]
                self.keys += [record.key for record in records]
            else:
                self.letters += [DeadLetter.model_validate_json(record.value) for record in records]
        return sum(map(len, batches.values()))


@asynccontextmanager
async def written_from_now(stack: Stack) -> AsyncIterator[Written]:
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    try:
        topics = load_topics()
        partitions = [TopicPartition(t, n) for t in (EVENTS, DEAD_LETTERS) for n in range(topics[t].partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        yield Written(consumer)
    finally:
        await consumer.stop()


@pytest.fixture
async def written(stack: Stack) -> AsyncIterator[Written]:
    async with written_from_now(stack) as reader:
        yield reader


@pytest.fixture
async def gateway(stack: Stack, database: AsyncEngine, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    process = GatewayProcess(stack, tmp_path / "gateway.log")
    await process.start()
    try:
        yield process
    finally:
        if process.process.poll() is None:
            await process.end(signal.SIGTERM)
