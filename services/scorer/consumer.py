"""Reading Kafka and committing batches: the group shares out partitions, the database says where they stand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.topics import EVENTS
from services.runtime.database import DATABASE_ERRORS
from services.runtime.metrics import Metrics
from services.runtime.topic_identity import TopicIdentity, topic_identity
from services.scorer import offsets
from services.scorer.errors import ContendedError, FencedError
from services.scorer.transaction import Outcome
from services.scorer.types import Batch, Record

log = logging.getLogger(__name__)

Commit = Callable[[Batch], Awaitable[Outcome]]
Stored = Callable[[Outcome], None]
RETRY_LATER: Final = (*DATABASE_ERRORS, KafkaError, ContendedError)
"""Nothing was committed (or the stored offset says that it was): seek to the stored offset and try again."""


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
        self._identities: dict[str, TopicIdentity] = {}
        self._next: dict[TopicPartition, int] = {}

    async def run(self, stop: asyncio.Event, stored: Stored) -> None:
        """Consume until `stop` is set; the batches under way are finished."""
        self._consumer.subscribe(list(self._commits), listener=_SeekToStored(self))
        while not stop.is_set():
            try:
                polled = await self._consumer.getmany(timeout_ms=200, max_records=self._batch_records)
            except NoOffsetForPartitionError:
                continue  # assigned a moment ago; the seek to its stored offset is under way
            except OffsetOutOfRangeError as error:
                await self._find(list(error.args[0]))
                continue
            except KafkaError as error:
                log.warning("Kafka does not answer", extra={"reason": str(error)})
                await asyncio.sleep(1)
                continue
            async with asyncio.TaskGroup() as group:
                for partition, messages in polled.items():
                    group.create_task(self._commit(partition, messages, stored))

    async def _commit(self, partition: TopicPartition, messages: Sequence[Any], stored: Stored) -> None:
        records = [Record(message.offset, message.value or b"", message.timestamp or 0) for message in messages]
        identity = self._identities[partition.topic]
        begin = self._next.get(partition, -1)
        batch = Batch(identity.cluster, identity.topic_id, partition.topic, partition.partition, begin, records)
        if records[0].offset != begin:
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
            self._next[partition] = batch.end
            self._measure(partition, outcome)
            stored(outcome)
            await self._tell_kafka(partition, batch.end)

    def _measure(self, partition: TopicPartition, outcome: Outcome) -> None:
        if partition.topic == EVENTS:
            events = self._metrics.counter("ahual_scorer_events_total")
            events.labels("stored").inc(outcome.stored)
            events.labels("duplicate").inc(outcome.duplicate)
            events.labels("rejected").inc(outcome.rejected)
        label = f"{partition.topic}/{partition.partition}"
        self._metrics.gauge("ahual_scorer_unreconciled_records").labels(label).set(outcome.unreconciled)
        end = self._consumer.highwater(partition)
        if end is not None:
            self._metrics.gauge("ahual_scorer_lag_records").labels(label).set(end - self._next[partition])

    async def _tell_kafka(self, partition: TopicPartition, offset: int) -> None:
        try:
            await self._consumer.commit({partition: offset})
        except KafkaError as error:
            log.debug("lag display not updated", extra={"reason": str(error)})

    async def _find(self, partitions: Sequence[TopicPartition]) -> None:
        """Seek partitions to the stored offsets, however long the database or Kafka take to answer."""
        while True:
            try:
                await self._seek(partitions)
            except IllegalStateError:
                return  # no longer ours
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
                self._next[partition] = position
        for partition in partitions:
            self._consumer.seek(partition, self._next[partition])


class _SeekToStored(ConsumerRebalanceListener):  # type: ignore[misc]
    """New partitions start where the database says. Nothing to do for lost ones: their next batch is fenced."""

    def __init__(self, consumer: BatchConsumer) -> None:
        self._consumer = consumer

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        if assigned:
            await self._consumer._find(list(assigned))  # noqa: SLF001

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        pass
