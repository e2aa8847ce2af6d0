"""The consumer against a real Kafka and a real database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
import sqlalchemy as sa
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas import tables
from services.runtime.clock import utc_now
from services.runtime.kafka import open_consumer, open_producer
from services.runtime.metrics import Metrics
from services.scorer.consumer import BatchConsumer
from services.scorer.decoding import RecordDecoder
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch
from tests.scorer.events import answered
from tests.scorer.test_transaction import CITIES, COMPILED
from tests.waiting import eventually

pytestmark = pytest.mark.stack
PARTITIONS = 2


@asynccontextmanager
async def topic(stack: Stack) -> AsyncIterator[str]:
    """A topic of its own, gone at the end."""
    name = f"test-consumer-{time.time_ns()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await make(admin, name)
        yield name
        await admin.delete_topics([name])
    finally:
        await admin.close()


async def make(admin: AIOKafkaAdminClient, name: str) -> None:
    response = await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    assert response.topic_errors[0][1] == 0, response


async def send(stack: Stack, name: str, bodies: Sequence[bytes]) -> None:
    """Alternately to each partition."""
    producer = open_producer(stack.kafka_bootstrap, client_id="test")
    await producer.start()
    try:
        sent = [await producer.send(name, body, partition=n % PARTITIONS) for n, body in enumerate(bodies)]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()


def calls(begin: int, end: int) -> list[bytes]:
    return [answered(id=f"call-{number}") for number in range(begin, end)]


class Member:
    """A consumer of the group; `hold` keeps its commits waiting."""

    def __init__(self, stack: Stack, engine: AsyncEngine, name: str, *, batch_records: int = 50) -> None:
        self.metrics = Metrics()
        self.outcomes: list[Outcome] = []
        self.hold = asyncio.Event()
        self.hold.set()
        self.holding = 0
        self.consumer = open_consumer(stack.kafka_bootstrap, group=f"group-{name}", client_id="test")
        decoder = RecordDecoder()

        async def commit(batch: Batch) -> Outcome:
            self.holding += 1
            await self.hold.wait()
            self.holding -= 1
            return await commit_events(engine, batch, decoder, COMPILED, CITIES, utc_now)

        self.batches = BatchConsumer(self.consumer, engine, {name: commit}, self.metrics, batch_records=batch_records)
        self._stop = asyncio.Event()

    async def __aenter__(self) -> Member:
        await self.consumer.start()
        self._task = asyncio.create_task(self.batches.run(self._stop, self.outcomes.append))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        self.hold.set()
        await self._task
        await self.consumer.stop()

    @property
    def stored(self) -> int:
        return sum(outcome.stored for outcome in self.outcomes)

    def value(self, metric: str, *labels: str) -> float:
        """A metric's value, 0 when it was never set."""
        found = self.metrics.registry.get_sample_value(metric, {"partition": labels[0]} if labels else {})
        return found or 0.0


async def booked(engine: AsyncEngine, name: str) -> tuple[int, int, int]:
    """Records passed, events stored, events told from duplicates."""
    t = tables.consumer_offset.c
    sums = sa.select(
        *(sa.func.coalesce(sa.func.sum(c), 0) for c in (t.next_offset - t.first_offset, t.stored, t.duplicate))
    )
    async with engine.connect() as connection:
        row = (await connection.execute(sums.where(t.topic == name))).one()
    return int(row[0]), int(row[1]), int(row[2])


async def ledger(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(sa.text("SELECT count(*) FROM ledger_department")) or 0)


async def test_a_backlog_is_stored_in_batches_and_shown(stack: Stack, database: AsyncEngine) -> None:
    async with topic(stack) as name:
        await send(stack, name, calls(0, 1001))
        async with Member(stack, database, name) as member:

            async def done() -> bool:
                return await booked(database, name) == (1001, 1001, 0)

            await eventually(done)
            assert max(outcome.stored for outcome in member.outcomes) <= 50
            assert member.value("ahual_scorer_partition_owned", f"{name}/0") == 1
            assert member.value("ahual_scorer_lag_records", f"{name}/1") == 0

            async def told() -> bool:
                ends = {TopicPartition(name, n): count for n, count in enumerate((501, 500))}
                return all([await member.consumer.committed(tp) == end for tp, end in ends.items()])

            await eventually(told)


async def test_partitions_do_not_wait_for_each_other(stack: Stack, database: AsyncEngine) -> None:
    async with topic(stack) as name, Member(stack, database, name) as member:
        member.hold.clear()
        await send(stack, name, calls(0, 20))

        async def both() -> bool:
            return member.holding == PARTITIONS

        await eventually(both)
        member.hold.set()

        async def done() -> bool:
            return await booked(database, name) == (20, 20, 0)

        await eventually(done)


async def test_what_waits_is_bounded(stack: Stack, database: AsyncEngine) -> None:
    async with topic(stack) as name, Member(stack, database, name, batch_records=10) as member:
        member.hold.clear()
        await send(stack, name, calls(0, 2000))

        async def full() -> bool:
            return member.holding == PARTITIONS and all(lane.full for lane in member.batches._lanes.values())

        await eventually(full)
        await asyncio.sleep(0.5)
        assert all(lane.waiting < 20 for lane in member.batches._lanes.values())
        member.hold.set()

        async def done() -> bool:
            return await booked(database, name) == (2000, 2000, 0)

        await eventually(done, within_s=60)


async def test_a_member_that_comes_back_too_late_writes_nothing(stack: Stack, database: AsyncEngine) -> None:
    async with topic(stack) as name, Member(stack, database, name) as late:
        late.hold.clear()
        await send(stack, name, calls(0, 40))

        async def both() -> bool:
            return late.holding == PARTITIONS

        await eventually(both)
        # Another one commits the same records meanwhile, as after a session that ran out.
        async with Member(stack, database, name) as other:

            async def done() -> bool:
                return await booked(database, name) == (40, 40, 0)

            await send(stack, name, calls(40, 60))
            await eventually(lambda: taken(database, name, 20))
            late.hold.set()
            await eventually(lambda: taken(database, name, 60))
            assert late.stored + other.stored == 60
        assert await ledger(database) == 60
        assert late.value("ahual_scorer_fenced_total") >= 1
        assert (await booked(database, name))[2] == 0


async def taken(engine: AsyncEngine, name: str, count: int) -> bool:
    return (await booked(engine, name))[1] >= count


async def test_a_topic_made_again_is_noticed_within_seconds(stack: Stack, database: AsyncEngine) -> None:
    async with topic(stack) as name, Member(stack, database, name) as member:
        await send(stack, name, calls(0, 30))
        await eventually(lambda: taken(database, name, 30))
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
        await admin.start()
        await admin.delete_topics([name])

        async def gone() -> bool:
            return name not in await admin.list_topics()

        await eventually(gone)
        await make(admin, name)
        await admin.close()
        await send(stack, name, calls(20, 50))
        await eventually(lambda: taken(database, name, 50), within_s=10)
        assert await booked(database, name) == (60, 50, 10)
        assert await ledger(database) == 50
        assert member.value("ahual_scorer_lag_records", f"{name}/0") == 0
