"""How far the consumer is, told of partitions that are still its own."""

from __future__ import annotations

from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.topics import EVENTS
from services.runtime.metrics import Metrics
from services.scorer.progress import Progress
from services.scorer.transaction import Outcome

OUTCOME = Outcome((), stored=3, duplicate=0, rejected=0, unreconciled=0, stored_at=datetime(2026, 1, 1, tzinfo=UTC))


async def test_a_batch_committed_after_its_partition_moved_on_is_counted_and_shows_no_ownership() -> None:
    metrics = Metrics()
    consumer = AIOKafkaConsumer()
    progress = Progress(consumer, metrics)
    progress.committed(TopicPartition(EVENTS, 0), 3, OUTCOME)
    await progress.tell({TopicPartition(EVENTS, 0): 3})
    await consumer.stop()
    sample = metrics.registry.get_sample_value
    assert sample("ahual_scorer_events_total", {"outcome": "stored"}) == 3
    assert sample("ahual_scorer_partition_owned", {"partition": f"{EVENTS}/0"}) is None
