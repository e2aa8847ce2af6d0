"""Reading Kafka and committing batches: the group shares out partitions, the database says where they stand.

Each partition has a lane of its own: while one batch is in the database, another partition's is decoded.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from sqlalchemy.ext.asyncio import AsyncEngine

from services.runtime.database import DATABASE_ERRORS
from services.runtime.metrics import Metrics
from services.runtime.topic_identity import TopicIdentity, topic_identity
from services.scorer import offsets
from services.scorer.errors import ContendedError, FencedError
from services.scorer.lanes import Lane
from services.scorer.progress import Progress
from services.scorer.transaction import Outcome
from services.scorer.types import Batch, Record

log = logging.getLogger(__name__)

Commit = Callable[[Batch], Awaitable[Outcome]]
Stored = Callable[[Outcome], None]
RETRY_LATER: Final = (*DATABASE_ERRORS, KafkaError, ContendedError)
"""Nothing was committed (or the stored offset says that it was): seek to the stored offset and try again."""
POLL_MS: Final = 200
BACK_PRESSURE_S: Final = 0.02
"""Between two looks at Kafka while a lane is full."""
LOOK_S: Final = 1.0
"""Between two looks at the topics' identities, and between two words to Kafka about offsets."""


class BatchConsumer:
    """One member of the scorers' consumer group; `commits` says how a topic's batches are committed."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        engine: AsyncEngine,
        commits: dict[str, Commit],
        metrics: Metrics,
        *,
        batch_records: int,
    ) -> None:
        self._consumer = consumer
        self._engine = engine
        self._commits = commits
        self._metrics = metrics
        self._batch_records = batch_records
        self._progress = Progress(consumer, metrics)
        self._identities: dict[str, TopicIdentity] = {}
        self._lanes: dict[TopicPartition, Lane] = {}

    async def run(self, stop: asyncio.Event, stored: Stored) -> None:
        """Consume until `stop` is set; the batches under way are finished, what waits is left to the next start."""
        self._consumer.subscribe(list(self._commits), listener=_Rebalanced(self))
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._look(stop))
            while not stop.is_set():
                for partition, messages in (await self._poll()).items():
                    lane = self._lanes[partition]
                    lane.put(messages)
                    if not lane.busy:
                        lane.busy = True
                        group.create_task(self._drain(partition, lane, stop, stored))
            looking.cancel()

    async def _poll(self) -> dict[TopicPartition, Sequence[Any]]:
        """New records of the lanes that have room."""
        room = [partition for partition, lane in self._lanes.items() if not lane.full]
        polled: dict[TopicPartition, Sequence[Any]] = {}
        if self._lanes and not room:
            await asyncio.sleep(BACK_PRESSURE_S)
            return polled
        timeout_ms = POLL_MS if len(room) == len(self._lanes) else round(BACK_PRESSURE_S * 1000)
        try:
            polled = await self._consumer.getmany(*room, timeout_ms=timeout_ms, max_records=self._batch_records)
        except NoOffsetForPartitionError:
            await asyncio.sleep(BACK_PRESSURE_S)  # assigned a moment ago; the seek to its stored offset is under way
        except OffsetOutOfRangeError as error:
            await self._find(list(error.args[0]))
        except KafkaError as error:
            log.warning("Kafka does not answer", extra={"reason": str(error)})
            await asyncio.sleep(1)
        return {partition: messages for partition, messages in polled.items() if partition in self._lanes}

    async def _drain(self, partition: TopicPartition, lane: Lane, stop: asyncio.Event, stored: Stored) -> None:
        """Commit what waits in a lane, batch by batch."""
        try:
            while not stop.is_set() and self._lanes.get(partition) is lane and (records := lane.take()):
                await self._commit(partition, lane, records, stored)
        finally:
            lane.busy = False

    async def _commit(self, partition: TopicPartition, lane: Lane, records: Sequence[Record], stored: Stored) -> None:
        identity = self._identities[partition.topic]
        batch = Batch(identity.cluster, identity.topic_id, partition.topic, partition.partition, lane.position, records)
        if records[0].offset != lane.position:
            await self._find([partition])
            return
        try:
            with self._metrics.histogram("ahual_scorer_batch_seconds").time():
                outcome = await self._commits[partition.topic](batch)
        except FencedError as error:
            self._metrics.counter("ahual_scorer_fenced_total").inc()
            log.warning("batch given up", extra={"reason": str(error)})
            await self._find([partition])
        except RETRY_LATER as error:
            log.warning("batch not stored, trying again", extra={"reason": str(error)[:300]})
            await asyncio.sleep(0.5)
            await self._find([partition])
        else:
            if lane.position == batch.begin:  # else it was sought anew meanwhile
                lane.position = batch.end
            self._progress.committed(partition, batch.end, outcome)
            stored(outcome)

    async def _look(self, stop: asyncio.Event) -> None:
        """Once in a while: tell Kafka where we are, and notice topics that were made again."""
        while not stop.is_set():
            await asyncio.sleep(LOOK_S)
            await self._progress.tell({partition: lane.position for partition, lane in self._lanes.items()})
            for topic, known in list(self._identities.items()):
                try:
                    now = await topic_identity(self._consumer, topic)
                except RETRY_LATER as error:
                    log.debug("topic not looked at", extra={"reason": str(error)})
                    continue
                lanes = [partition for partition in self._lanes if partition.topic == topic]
                if now != known and lanes:
                    log.warning("topic was made again", extra={"topic": topic, "reason": now.topic_id})
                    await self._find(lanes)

    async def _find(self, partitions: Sequence[TopicPartition]) -> None:
        """Seek partitions to the stored offsets, however long the database or Kafka take to answer."""
        while partitions:
            try:
                await self._seek(partitions)
            except IllegalStateError:
                ours = self._consumer.assignment()
                self.give_up([partition for partition in partitions if partition not in ours])
                partitions = [partition for partition in partitions if partition in ours]
            except RETRY_LATER as error:
                log.warning("stored offsets not readable, trying again", extra={"reason": str(error)[:300]})
                await asyncio.sleep(1)
            else:
                return

    async def _seek(self, partitions: Sequence[TopicPartition]) -> None:
        oldest = await self._consumer.beginning_offsets(list(partitions))
        async with self._engine.begin() as connection:
            for partition in sorted(partitions):
                identity = await topic_identity(self._consumer, partition.topic)
                self._identities[partition.topic] = identity
                position, skipped = await offsets.enter(
                    connection, identity, partition.topic, partition.partition, oldest[partition]
                )
                if skipped:
                    log.error("records were lost before they were read", extra={"count": skipped})
                self._consumer.seek(partition, position)
                self._lanes.setdefault(partition, Lane(self._batch_records)).clear(position)

    async def take_over(self, partitions: Collection[TopicPartition]) -> None:
        """These are ours now."""
        await self._find(list(partitions))

    def give_up(self, partitions: Collection[TopicPartition]) -> None:
        """These are somebody else's now; a batch under way is fenced, or was in time."""
        for partition in partitions:
            if lane := self._lanes.pop(partition, None):
                lane.clear(-1)
        self._progress.forget(partitions)


class _Rebalanced(ConsumerRebalanceListener):  # type: ignore[misc]
    """New partitions start where the database says."""

    def __init__(self, consumer: BatchConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if assigned:
            await self._consumer.take_over(assigned)

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        self._consumer.give_up(revoked)
