"""Old and new devices, gateways and scorers side by side: two registries, real Kafka, real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas import tables
from schemas.catalogue import Catalogue
from schemas.dead_letter import Reason
from schemas.events.envelope import Data, EventClass
from schemas.events.registry import Registry
from schemas.identity import Identity
from schemas.measures import Measure
from services.cityscore.catalogue import load_catalogue
from services.ingest.replay import unchanged
from services.ingest.validation import Accepted, Checks, Limits, Rejected, accept
from services.runtime.clock import utc_now
from services.runtime.kafka import open_consumer
from services.runtime.metrics import Metrics
from services.scorer.consumer import BatchConsumer
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.measures import compile_measures
from services.scorer.stored_events import batches
from services.scorer.transaction import Outcome, commit_events
from services.scorer.types import Batch
from tests.scorer.test_consumer import send, topic
from tests.scorer.test_transaction import CITIES
from tests.waiting import eventually

pytestmark = pytest.mark.stack
V1, V2 = "kz.ahual.test.count.v1", "kz.ahual.test.count.v2"
DEVICE = Identity("karaganda", "test", "counter-1")
LIMITS = Limits()


class _Count(Data):
    type_name: ClassVar[str] = V1
    system: ClassVar[str | None] = "test"
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {"kk": "Санақ", "ru": "Счёт", "en": "Count"}


class OldCount(_Count):
    """As everybody knows it."""

    n: int


class NewCount(_Count):
    """With a field that the old ones do not know."""

    n: int
    lane: str | None = None


class Count2(_Count):
    """A new version beside the old one."""

    type_name: ClassVar[str] = V2
    total: int


OLD, NEW = Registry.of([OldCount]), Registry.of([NewCount, Count2])


def catalogue(**measures: dict[str, Any]) -> Catalogue:
    real = load_catalogue()
    first = real.initiatives[0]
    kpis = tuple(
        first.kpis[0].model_copy(update={"code": f"1.{n}", "measure": Measure.model_validate(measure)})
        for n, measure in enumerate(measures.values(), start=1)
    )
    return real.model_copy(update={"initiatives": (first.model_copy(update={"kpis": kpis}),)})


_N = {"event": V1, "value": {"field": "n"}}
OLD_MEASURES = compile_measures(catalogue(counted={"kind": "sum", "numerator": [_N]}), OLD)
NEW_MEASURES = compile_measures(
    catalogue(
        counted={"kind": "sum", "numerator": [_N, {"event": V2, "value": {"field": "total"}}]},
        lanes={"kind": "count", "numerator": [{"event": V1, "where": [{"field": "lane", "present": True}]}]},
    ),
    NEW,
)


def message(number: int) -> bytes:
    """In turns an old device's, one with the new field, one of the new version; each worth 1."""
    kind, data = [(V1, {"n": 1}), (V1, {"n": 1, "lane": "left"}), (V2, {"total": 1})][number // 2 % 3]
    when = utc_now() - timedelta(minutes=5)
    return json.dumps(
        {"specversion": "1.0", "id": f"c-{number}", "type": kind, "time": when.isoformat(), "data": data}
    ).encode()


def let_in(checks: Checks, payload: bytes) -> Accepted | Rejected:
    (outcome,) = accept(DEVICE, payload, utc_now(), LIMITS, checks=checks)
    return outcome


class Scorer:
    """A member of the group that knows the types and measures of one age."""

    def __init__(self, stack: Stack, engine: AsyncEngine, name: str, registry: Registry, measures: Any) -> None:
        self.outcomes: list[Outcome] = []
        self.consumer = open_consumer(stack.kafka_bootstrap, group=f"group-{name}", client_id="test")
        commit = partial(self._commit, engine, RecordDecoder(registry), measures)
        self._batches = BatchConsumer(self.consumer, engine, {name: commit}, Metrics(), batch_records=50)
        self._stop = asyncio.Event()

    @staticmethod
    async def _commit(engine: AsyncEngine, decoder: RecordDecoder, measures: Any, batch: Batch) -> Outcome:
        return await commit_events(engine, batch, decoder, measures, CITIES, utc_now)

    async def start(self) -> None:
        await self.consumer.start()
        self._task = asyncio.create_task(self._batches.run(self._stop, self.outcomes.append))

    async def stop(self) -> None:
        self._stop.set()
        await self._task
        await self.consumer.stop()

    @property
    def counts(self) -> tuple[int, int]:
        return sum(o.stored for o in self.outcomes), sum(o.rejected for o in self.outcomes)


async def counted(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        query = sa.text("SELECT coalesce(sum(numerator), 0)::bigint FROM part_minute WHERE kpi = '1.1'")
        return int(await connection.scalar(query) or 0)


async def letters(engine: AsyncEngine) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(sa.select(tables.dead_letter))).all())


def test_an_old_gateway_refuses_what_it_does_not_know_and_a_new_one_takes_both() -> None:
    old, new = Checks.of(OLD), Checks.of(NEW)
    plain, laned, second = message(0), message(2), message(4)
    assert isinstance(let_in(old, plain), Accepted)
    for payload, reason in ((laned, Reason.INVALID_FIELD), (second, Reason.UNKNOWN_TYPE)):
        refused = let_in(old, payload)
        assert isinstance(refused, Rejected)
        assert refused.reason is reason
        assert isinstance(let_in(new, payload), Accepted)
    before, after = let_in(old, plain), let_in(new, plain)
    assert isinstance(before, Accepted)
    assert isinstance(after, Accepted)
    assert before.body == after.body, "sent through both it is the same event"


async def test_scorers_of_two_ages_lose_nothing_and_count_nothing_twice(stack: Stack, database: AsyncEngine) -> None:
    accepted = [let_in(Checks.of(NEW), message(number)) for number in range(120)]
    bodies = [outcome.body for outcome in accepted if isinstance(outcome, Accepted)]
    assert len(bodies) == 120
    async with topic(stack) as name:
        old = Scorer(stack, database, name, OLD, OLD_MEASURES)
        new = Scorer(stack, database, name, NEW, NEW_MEASURES)
        await old.start()
        await new.start()
        try:

            async def shared() -> bool:
                return len(old.consumer.assignment()) == len(new.consumer.assignment()) == 1

            await eventually(shared, within_s=60)
            await send(stack, name, bodies)

            async def all_passed() -> bool:
                return sum(old.counts) + sum(new.counts) == 120

            await eventually(all_passed, within_s=30)
        finally:
            await old.stop()
        assert (old.counts, new.counts) == ((40, 20), (60, 0)), "the old one's events of the new version wait"
        assert await counted(database) == 100
        waiting = await letters(database)
        assert {(row.reason, row.device, row.truncated) for row in waiting} == {("unknown_type", "counter-1", False)}
        again = [unchanged(bytes(row.payload), Checks.of(NEW)) for row in waiting]
        assert all(isinstance(outcome, Accepted) for outcome in again)
        replayed = [outcome.body for outcome in again if isinstance(outcome, Accepted)]
        assert sorted(replayed) == sorted(body for body in bodies if body in set(replayed))
        try:
            await send(stack, name, [*replayed, *replayed])

            async def all_counted() -> bool:
                return await counted(database) == 120

            await eventually(all_counted, within_s=60)
        finally:
            await new.stop()
    assert await counted(database) == 120
    assert await lanes_from_the_ledger(database) == 40, "what the old scorer stored has the field it did not know"


async def lanes_from_the_ledger(engine: AsyncEngine) -> int:
    """What a rebuild under the new measures finds in the ledger."""
    begin, end = utc_now() - timedelta(hours=1), utc_now()
    found = 0
    async with engine.connect() as connection:
        for partition in range(2):
            async for stored in batches(connection, partition, begin, end):
                decoded, rejected = RecordDecoder(NEW).decode(stored.records, CITIES)
                assert not rejected
                parts = fold(decoded, NEW_MEASURES, CITIES, stored.stored_at).parts
                found += sum(part.numerator for key, part in parts.items() if key.kpi == "1.2")
    return found
