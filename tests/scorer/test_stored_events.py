"""What the ledger holds can be read back: by key, and batch by batch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.tables import ledger_batch_id
from services.scorer import ledger, stored_events
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import KnownEventsError
from services.scorer.stored_events import AT_ONCE, StoredEvent
from services.scorer.types import Batch, Decoded, EventKey, Record
from services.scorer.writes import together
from tests.scorer.events import answered

pytestmark = pytest.mark.stack

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def decoded(*bodies: bytes) -> list[Decoded]:
    events, rejected = RecordDecoder().decode([Record(n, body) for n, body in enumerate(bodies)], {"karaganda"})
    assert not rejected
    return events


def call(number: int, **changes: str) -> bytes:
    """A call answered `number` minutes before noon."""
    answer = NOW - timedelta(minutes=number)
    return answered(answer.isoformat(), (answer - timedelta(seconds=9)).isoformat(), id=f"call-{number}", **changes)


async def store(engine: AsyncEngine, partition: int, *bodies: bytes, stored_at: datetime = NOW) -> ledger.Sorted:
    async with engine.begin() as connection:
        return await enter(connection, partition, *bodies, stored_at=stored_at)


async def enter(
    connection: AsyncConnection, partition: int, *bodies: bytes, stored_at: datetime = NOW, straight: bool = False
) -> ledger.Sorted:
    batch = Batch("c", "t", "events", partition, 0, [Record(n, body) for n, body in enumerate(bodies)])
    number = await connection.scalar(sa.select(ledger_batch_id.next_value()))
    stored = await ledger.store(connection, decoded(*bodies), batch, number or 0, stored_at, straight=straight)
    await together(connection, stored.bodies, partition)
    return stored


async def test_an_event_is_found_by_its_key(database: AsyncEngine) -> None:
    later = NOW + timedelta(seconds=7)
    await store(database, 0, *map(call, range(50)))
    await store(database, 1, *map(call, range(40, 90)), stored_at=later)
    keys = {event.key: event for event in decoded(*map(call, range(100)))}
    async with database.connect() as connection:
        found = await stored_events.find(connection, keys)
        nothing = await stored_events.find(connection, [])
    assert nothing == {}
    assert found == {
        key: StoredEvent("department", *((0, NOW) if number < 50 else (1, later)), event.body)
        for number, (key, event) in enumerate(keys.items())
        if number < 90
    }


async def test_duplicates_and_conflicts_leave_no_body(database: AsyncEngine) -> None:
    await store(database, 0, call(1), call(2))
    other = call(2, subject="another content")
    outcome = await store(database, 0, call(1), call(3), other, call(3), call(4, subject="a"), call(4, subject="b"))
    assert [event.body for event in outcome.new] == [call(3), call(4, subject="a")]
    assert outcome.duplicate == 2
    assert sorted(rejected.body for rejected in outcome.rejected) == sorted([other, call(4, subject="b")])
    async with database.connect() as connection:
        read = [batch async for batch in stored_events.batches(connection, 0, NOW - timedelta(days=1), NOW)]
        found = await stored_events.find(connection, [event.key for event in decoded(call(2), call(3))])
    bodies = [[record.value for record in batch.records] for batch in read]
    assert bodies == [[call(1), call(2)], [call(3), call(4, subject="a")]]
    assert [event.body for event in found.values()] == [call(2), call(3)]


async def test_batches_of_a_partition_and_a_time(database: AsyncEngine) -> None:
    for number in range(3 * AT_ONCE):
        await store(database, number % 2, call(10 * number), call(10 * number + 5))
    begin, end = NOW - timedelta(minutes=125), NOW - timedelta(minutes=35)
    async with database.connect() as connection:
        read = [batch async for batch in stored_events.batches(connection, 0, begin, end)]
    assert [batch.partition for batch in read] == [0] * len(read)
    numbers = [4, 6, 8, 10, 12]  # the batch of 120 and 125 begins with the window, that of 20 and 25 is after it
    assert [record.value for batch in read for record in batch.records] == [
        call(minutes) for number in numbers for minutes in (10 * number, 10 * number + 5)
    ]


async def test_many_duplicates_among_many_events(database: AsyncEngine) -> None:
    await store(database, 0, *(call(n) for n in range(0, 3000, 3)))
    outcome = await store(database, 0, *map(call, range(3000)))
    assert (len(outcome.new), outcome.duplicate, len(outcome.rejected)) == (2000, 1000, 0)
    async with database.connect() as connection:
        found = await stored_events.find(connection, [event.key for event in outcome.new])
    assert found.keys() == {event.key for event in outcome.new}
    assert all(found[event.key].body == event.body for event in outcome.new)


async def test_times_are_kept_to_the_microsecond(database: AsyncEngine) -> None:
    times = ["1970-01-01T00:00:00.000001+00:00", "2026-02-28T23:59:59.999999+00:00", "2262-12-31T23:59:59.999999+00:00"]
    events = decoded(*(answered(time, time) for time in times))
    await store(database, 0, *(event.body for event in events))
    async with database.connect() as connection:
        found = await stored_events.find(connection, [event.key for event in events])
    assert [key.time.isoformat() for key in found] == times
    assert EventKey(0, NOW) not in found


async def test_what_was_entered_in_a_broken_transaction_is_gone(database: AsyncEngine) -> None:
    [event] = decoded(call(1))
    async with database.connect() as connection:
        await enter(connection, 0, event.body)
        assert await stored_events.find(connection, [event.key])
        await connection.rollback()
        assert await stored_events.find(connection, [event.key]) == {}


async def test_straight_is_for_new_events_only(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        entered = await enter(connection, 0, call(1), call(1), call(2), straight=True)
    assert (len(entered.new), entered.duplicate) == (2, 1)
    with pytest.raises(KnownEventsError):
        async with database.begin() as connection:
            await enter(connection, 0, call(3), call(2), straight=True)
    async with database.connect() as connection:
        found = await stored_events.find(connection, [event.key for event in decoded(*map(call, range(9)))])
    assert [event.body for event in found.values()] == [call(1), call(2)]
