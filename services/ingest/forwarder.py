"""To Kafka, until Kafka confirms: one lane per partition, each with one batch under way.

A lane keeps its batch until the confirmation is there and sends the same bytes again after any error, because an
error of the client does not mean "not written" (a timed-out request may well be in the log). What that doubles, the
ledger removes. A producer that keeps failing or stays silent is replaced.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2

from schemas.topics import DEAD_LETTERS, EVENTS
from services.ingest.errors import UnconfirmedError
from services.ingest.records import Outgoing, Record, parcel
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)
RETRY_S: Final = 0.2
SILENT_S: Final = 25.0
"""A batch without answer for this long (the client's own limit is 10 s) means a stuck producer."""
FAILURES_TO_REBUILD: Final = 3
CLOSE_S: Final = 5.0
TOPICS: Final = (EVENTS, DEAD_LETTERS)
_TRANSPORT: Final = (KafkaError, OSError, TimeoutError)


@lru_cache(65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """Kafka's default partitioning of a key."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


class Forwarder:
    """Sends records and reports each parcel once Kafka has all of it. The one who puts bounds how much."""

    def __init__(self, open_producer: Callable[[], Any], metrics: Metrics) -> None:
        self._open_producer = open_producer
        self._rebuilds = metrics.counter("ahual_ingest_producer_rebuilds_total")
        self._producer: Any = None
        self._opening = asyncio.Lock()
        self._lanes: dict[str, list[_Lane]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closing: set[asyncio.Task[None]] = set()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self.outstanding = 0
        """Records that Kafka has not confirmed."""
        self.healthy = False
        """Whether the newest answer of Kafka was a good one."""

    async def start(self) -> None:
        """Connect, however long it takes, and open a lane for each partition."""
        self._producer = await self._connected()
        for topic in TOPICS:
            partitions = sorted(await self._partitions(topic))
            self._lanes[topic] = [_Lane(self, topic, partition) for partition in partitions]
        self._tasks = {asyncio.create_task(lane.run()) for lanes in self._lanes.values() for lane in lanes}
        self.healthy = True

    async def _partitions(self, topic: str) -> Iterable[int]:
        while True:
            try:
                return set(await self._producer.partitions_for(topic))
            except _TRANSPORT as error:
                log.warning("topic unknown to Kafka", extra={"topic": topic, "reason": repr(error)})
                await asyncio.sleep(1)

    def put(self, records: Sequence[Record]) -> None:
        """Take records over; returns at once."""
        self.outstanding += len(records)
        self._emptied.clear()
        for record in records:
            lanes = self._lanes[record.topic]
            lanes[partition_of(record.key, len(lanes))].put(record)

    async def confirm(self, items: Sequence[Outgoing], timeout_s: float) -> None:
        """Send and wait for Kafka; UnconfirmedError when it takes longer (they may still arrive later)."""
        if not items:
            return
        arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def settle() -> None:
            if not arrived.done():
                arrived.set_result(None)

        self.put(parcel(items, settle))
        try:
            await asyncio.wait_for(arrived, timeout_s)
        except TimeoutError as error:
            raise UnconfirmedError(f"Kafka did not confirm within {timeout_s} s") from error

    async def flush(self, timeout_s: float) -> bool:
        """Wait until nothing is outstanding; False when time ran out before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._emptied.wait()
        return not self.outstanding

    async def close(self) -> None:
        """Give up what is still outstanding and disconnect."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._producer is not None:
            await _close(self._producer)
        await asyncio.gather(*self._closing, return_exceptions=True)

    def confirmed(self, records: Sequence[Record]) -> None:
        """Kafka has these: report the parcels that are complete."""
        self.healthy = True
        self.outstanding -= len(records)
        for record in records:
            record.parcel.left -= 1
            if not record.parcel.left:
                record.parcel.arrived()
        if not self.outstanding:
            self._emptied.set()

    @property
    def producer(self) -> Any:
        """The producer in use now."""
        return self._producer

    async def replace(self, stuck: Any) -> None:
        """Open another producer in place of a stuck one; of many lanes that ask, one does it."""
        async with self._opening:
            if self._producer is not stuck:
                return
            log.warning("Kafka producer replaced")
            self._rebuilds.inc()
            self._retire(stuck)
            self._producer = await self._connected()

    def _retire(self, producer: Any) -> None:
        task = asyncio.create_task(_close(producer))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def _connected(self) -> Any:
        delay = RETRY_S
        while True:
            producer = self._open_producer()
            try:
                await asyncio.wait_for(producer.start(), 15)
            except _TRANSPORT as error:
                self.healthy = False
                log.warning("Kafka unreachable", extra={"reason": repr(error)})
                self._retire(producer)
                await asyncio.sleep(delay)
                delay = min(delay * 2, 5.0)
            else:
                return producer


class _Lane:
    """The records of one partition, in order."""

    def __init__(self, forwarder: Forwarder, topic: str, partition: int) -> None:
        self._forwarder = forwarder
        self._topic = topic
        self._partition = partition
        self._waiting: deque[Record] = deque()
        self._filled = asyncio.Event()

    def put(self, record: Record) -> None:
        self._waiting.append(record)
        self._filled.set()

    async def run(self) -> None:
        failures = 0
        while True:
            await self._filled.wait()
            producer = self._forwarder.producer
            records, builder = self._next_batch(producer)
            try:
                await asyncio.wait_for(self._send(producer, builder), SILENT_S)
            except Exception as error:
                self._waiting.extendleft(reversed(records))
                failures = await self._recover(producer, error, failures + 1)
            else:
                failures = 0
                self._forwarder.confirmed(records)
            if not self._waiting:
                self._filled.clear()

    def _next_batch(self, producer: Any) -> tuple[list[Record], Any]:
        """As many records as one batch of the producer holds."""
        builder = producer.create_batch()
        taken: list[Record] = []
        while self._waiting and _append(builder, self._waiting[0]):
            taken.append(self._waiting.popleft())
        return taken, builder

    async def _send(self, producer: Any, builder: Any) -> None:
        await (await producer.send_batch(builder, self._topic, partition=self._partition))

    async def _recover(self, producer: Any, error: Exception, failures: int) -> int:
        """Wait, with another producer when this one looks stuck; the number of failures since the last change."""
        self._forwarder.healthy = False
        log.warning("Kafka did not confirm", extra={"partition": self._partition, "reason": repr(error)})
        if failures >= FAILURES_TO_REBUILD or isinstance(error, TimeoutError):
            await self._forwarder.replace(producer)
            failures = 0
        await asyncio.sleep(RETRY_S)
        return failures


def _append(builder: Any, record: Record) -> bool:
    return builder.append(timestamp=None, key=record.key, value=record.value) is not None


async def _close(producer: Any) -> None:
    # Stopping flushes first, which a producer that is stuck never finishes.
    with suppress(*_TRANSPORT):
        await asyncio.wait_for(producer.stop(), CLOSE_S)
