"""The forwarder with a real Kafka, and with producers that fail in the ways aiokafka fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber, RequestTimedOutError

from deploy.stack import Stack
from schemas.topics import EVENTS
from services.ingest.errors import UnconfirmedError
from services.ingest.forwarder import Forwarder, partition_of
from services.runtime.kafka import open_producer
from services.runtime.metrics import Metrics
from tests.ingest.conftest import Written

pytestmark = pytest.mark.stack


class Failing:
    """A real producer whose sends raise as long as `fault` says so."""

    def __init__(self, real: Any, fault: Callable[[], Exception | None], *, after_writing: bool) -> None:
        self._real, self._fault, self._after_writing = real, fault, after_writing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def send_batch(self, builder: Any, topic: str, *, partition: int) -> Any:
        error = self._fault()
        if error is None:
            return await self._real.send_batch(builder, topic, partition=partition)
        if self._after_writing:
            await (await self._real.send_batch(builder, topic, partition=partition))
        raise error


async def test_an_error_after_the_write_is_retried_with_the_same_bytes(stack: Stack, written: Written) -> None:
    faults: list[Exception] = [RequestTimedOutError(), RequestTimedOutError()]

    def opened() -> Any:
        real = open_producer(stack.kafka_bootstrap, client_id="test")
        return Failing(real, lambda: faults.pop() if faults else None, after_writing=True)

    forwarder = Forwarder(opened, Metrics())
    await forwarder.start()
    await forwarder.confirm([(EVENTS, b"key", b"one"), (EVENTS, b"key", b"two")], 20)
    assert not forwarder.outstanding
    await forwarder.close()
    await written.until(lambda: len(written.events) == 6)
    assert written.events == [b"one", b"two"] * 3


async def test_a_producer_that_keeps_failing_is_replaced(stack: Stack, written: Written) -> None:
    made: list[Any] = []

    def opened() -> Any:
        real = open_producer(stack.kafka_bootstrap, client_id="test")
        stuck = not made
        made.append(Failing(real, lambda: OutOfOrderSequenceNumber() if stuck else None, after_writing=False))
        return made[-1]

    metrics = Metrics()
    forwarder = Forwarder(opened, metrics)
    await forwarder.start()
    await forwarder.confirm([(EVENTS, str(n).encode(), b"%d" % n) for n in range(100)], 20)
    await forwarder.close()
    assert len(made) == 2
    assert metrics.registry.get_sample_value("ahual_ingest_producer_rebuilds_total") == 1
    await written.until(lambda: len(set(written.events)) == 100)


async def test_more_than_one_batch_of_large_records(stack: Stack, written: Written) -> None:
    forwarder = Forwarder(lambda: open_producer(stack.kafka_bootstrap, client_id="test"), Metrics())
    await forwarder.start()
    values = [bytes([n]) * 200_000 for n in range(20)]
    await forwarder.confirm([(EVENTS, b"key", value) for value in values], 20)
    await forwarder.close()
    await written.until(lambda: len(written.events) == 20)
    assert written.events == values


async def test_kafka_away_is_said_in_time(stack: Stack) -> None:
    def opened() -> Any:
        return Failing(
            open_producer(stack.kafka_bootstrap, client_id="test"), RequestTimedOutError, after_writing=False
        )

    forwarder = Forwarder(opened, Metrics())
    await forwarder.start()
    with pytest.raises(UnconfirmedError):
        await forwarder.confirm([(EVENTS, b"key", b"value")], 0.5)
    assert not await forwarder.flush(0.1)
    async with asyncio.timeout(20):
        await forwarder.close()


def test_keys_go_where_kafkas_own_partitioner_sends_them() -> None:
    # Known answers of Kafka's Java client: Utils.murmur2("21"), ("foobar").
    assert partition_of(b"21", 1000) == (-973932308 & 0x7FFFFFFF) % 1000
    assert partition_of(b"foobar", 1000) == (-790332482 & 0x7FFFFFFF) % 1000
