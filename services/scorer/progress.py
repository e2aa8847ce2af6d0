"""How far the consumer is: as metrics, and as offsets that Kafka's tools show."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import EVENTS
from services.runtime.metrics import Metrics
from services.scorer.transaction import Outcome

log = logging.getLogger(__name__)


class Progress:
    """Lag, ownership and reconciliation per partition."""

    def __init__(self, consumer: AIOKafkaConsumer, metrics: Metrics) -> None:
        self._consumer = consumer
        self._metrics = metrics
        self._told: dict[TopicPartition, int] = {}

    def committed(self, partition: TopicPartition, position: int, outcome: Outcome) -> None:
        """A batch was committed."""
        if partition.topic == EVENTS:
            events = self._metrics.counter("ahual_scorer_events_total")
            events.labels("stored").inc(outcome.stored)
            events.labels("duplicate").inc(outcome.duplicate)
            events.labels("rejected").inc(outcome.rejected)
        if self._show(partition, position):
            self._metrics.gauge("ahual_scorer_unreconciled_records").labels(_label(partition)).set(outcome.unreconciled)

    def _show(self, partition: TopicPartition, position: int) -> bool:
        """Whether the partition is still ours: the last batch may be committed after the group has moved it."""
        if partition not in self._consumer.assignment():
            return False
        self._metrics.gauge("ahual_scorer_partition_owned").labels(_label(partition)).set(1)
        if (end := self._consumer.highwater(partition)) is not None:
            self._metrics.gauge("ahual_scorer_lag_records").labels(_label(partition)).set(max(0, end - position))
        return True

    async def tell(self, positions: Mapping[TopicPartition, int]) -> None:
        """Show all lags, and tell Kafka the offsets that moved; for its tools only."""
        ours = {partition: position for partition, position in positions.items() if self._show(partition, position)}
        moved = {p: position for p, position in ours.items() if position > 0 and self._told.get(p) != position}
        if not moved:
            return
        try:
            await self._consumer.commit(moved)
        except KafkaError as error:
            log.debug("offsets not told", extra={"reason": str(error)})
        else:
            self._told |= moved

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        """These are no longer ours: whoever has them shows them."""
        for partition in partitions:
            self._told.pop(partition, None)
            self._metrics.gauge("ahual_scorer_partition_owned").labels(_label(partition)).set(0)
            for name in ("ahual_scorer_lag_records", "ahual_scorer_unreconciled_records"):
                self._metrics.gauge(name).remove(_label(partition))


def _label(partition: TopicPartition) -> str:
    return f"{partition.topic}/{partition.partition}"
