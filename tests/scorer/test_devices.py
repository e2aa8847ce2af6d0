"""What the database keeps of every source, against plain recounts."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.identity import Identity
from services.scorer import devices, sequences
from services.scorer.activity import Device, Observed, observe
from services.scorer.errors import FencedError
from services.scorer.sensing import Run
from services.scorer.types import Record
from tests.scorer.events import answered
from tests.scorer.test_sensing import READ, reading, second
from tests.scorer.test_transaction import CrashError, Partition

pytestmark = pytest.mark.stack

BEGIN = datetime(2026, 11, 22, 12, tzinfo=UTC)
METER = Identity("karaganda", "heat", "meter-1")


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


def sent(numbers: Iterable[int] = (), *, at: float = 0, **other: Any) -> Device:
    """One message of the meter, `at` seconds after the beginning."""
    texts = [str(number) for number in numbers]
    known = {
        "identity": METER,
        "events": max(1, len(texts)),
        "newest": after(at),
        "first_arrival": after(at),
        "last_arrival": after(at),
        "drift_ms": None,
        "clockless": False,
        "sequences": sequences.epochs(texts, restarts=True),
        "runs": {},
    }
    return Device(**known | other)  # type: ignore[arg-type]


async def see(engine: AsyncEngine, *seen: Device, partition: int = 0) -> None:
    """Each as a batch of its own."""
    for device in seen:
        async with engine.begin() as connection:
            await devices.see(connection, Observed({}, [device]), partition, device.last_arrival)


async def source(engine: AsyncEngine) -> Any:
    async with engine.connect() as connection:
        return (await connection.execute(sa.text("SELECT * FROM v_source"))).one()


async def missing(engine: AsyncEngine, batches: Sequence[Sequence[int]], partitions: int = 1) -> int:
    """Send batches of sequence numbers to an empty database; what it then misses."""
    async with engine.begin() as connection:
        await connection.execute(sa.delete(tables.source_device))
    for number, batch in enumerate(batches):
        await see(engine, sent(batch, at=number), partition=number % partitions)
    return int((await source(engine)).missing)


async def test_counts_and_newest_are_kept_over_batches_and_partitions(database: AsyncEngine) -> None:
    await see(database, sent([1], at=10), sent([2], at=5))
    await see(database, sent([3, 4], at=20), partition=1)
    found = await source(database)
    assert (found.events, found.first_seen, found.newest_time, found.stored_at) == (4, after(10), after(20), after(20))
    assert found.missing == 0


@pytest.mark.parametrize("seed", range(3))
async def test_missing_numbers_are_those_never_seen(database: AsyncEngine, seed: int) -> None:
    """Lost at random, out of turn by up to a hundred, cut anywhere: what is missing is exact."""
    rng = random.Random(seed)
    numbers = range(1000, 1600)
    kept = [numbers[0], *(n for n in numbers[1:-1] if rng.random() > 0.05), numbers[-1]]
    kept.sort(key=lambda number: number + rng.randrange(100))
    batches = []
    while kept:
        size = rng.randrange(1, 40)
        batches.append(kept[:size])
        kept = kept[size:]
    seen = {number for batch in batches for number in batch}
    expected = max(seen) - min(seen) + 1 - len(seen)
    assert expected > 10
    assert await missing(database, batches) == expected


async def test_what_is_missing_is_missing_from_all_partitions_together(database: AsyncEngine) -> None:
    """As after a topic got more partitions, or worse: in turns."""
    assert await missing(database, [[1, 2, 3, 5], [6, 7, 9]], partitions=2) == 2
    assert await missing(database, [[n, n + 1] for n in range(0, 90, 2) if n != 40], partitions=3) == 2


async def test_a_late_number_closes_its_gap(database: AsyncEngine) -> None:
    assert await missing(database, [[1, 2], [5]]) == 2
    await see(database, sent([4], at=3), sent([3], at=4))
    assert (await source(database)).missing == 0


async def test_a_counter_that_starts_anew_loses_nothing_and_forgets_no_loss(database: AsyncEngine) -> None:
    assert await missing(database, [[1, 2, 4], [5, 1, 2], [4, 5]]) == 2
    found = await source(database)
    assert found.restarts == 1
    assert await missing(database, [[1], [10_000_000_000], [10_000_000_001]]) == 0, "set anew, far away"


async def test_a_source_without_clock_may_send_a_number_twice(database: AsyncEngine) -> None:
    await see(database, sent([1, 2, 4], at=1, clockless=True), sent([4], at=2, clockless=True), sent([3], at=3))
    found = await source(database)
    assert (found.missing, found.restarts) == (0, 0)


async def test_memory_is_bounded_and_settled_gaps_stay_counted(database: AsyncEngine) -> None:
    """Every second number, one by one and in one batch: 64 ranges are kept, the older gaps are settled."""
    odd = list(range(1, 2001, 2))
    assert await missing(database, [odd[:900], *([n] for n in odd[900:])]) == 999
    async with database.connect() as connection:
        row = (await connection.execute(sa.select(tables.source_device))).one()
    assert len(row.sequence_seen) == 64
    assert (row.sequence_floor, row.sequence_lost) == (odd[-64], 936)
    await see(database, sent([2000], at=5000), sent([odd[-64] - 1], at=5001))
    assert (await source(database)).missing == 999, "too late for its gap, in time for the end"
    await see(database, sent([odd[-64] - 601], at=5002))
    found = await source(database)
    assert (found.missing, found.restarts) == (999, 0)


async def test_a_restart_far_below_a_settled_floor_is_seen(database: AsyncEngine) -> None:
    numbers = list(range(5000, 5400, 2))
    assert await missing(database, [numbers, [5401], [1], [3]]) == 199 + 2 + 1
    assert (await source(database)).restarts == 1


async def test_the_interval_is_learned_from_silences(database: AsyncEngine) -> None:
    await see(database, *(sent(at=60 * i) for i in range(5)))
    assert (await source(database)).learned_interval_s is None, "four silences are too few"
    await see(database, *(sent(at=60 * i) for i in range(5, 9)))
    assert (await source(database)).learned_interval_s == 60.0
    await see(database, sent(at=9 * 60 + 7200), sent(at=10 * 60 + 7200), sent(at=11 * 60 + 7200))
    assert (await source(database)).learned_interval_s == 60.0, "one outage is no habit"


async def test_bursts_do_not_shorten_the_interval(database: AsyncEngine) -> None:
    """A hundred messages within a second, every ten minutes: it is expected every ten minutes."""
    await see(database, *(sent(at=600 * i + j / 10) for i in range(8) for j in range(9)))
    assert (await source(database)).learned_interval_s == pytest.approx(599.2)


async def test_a_backlog_is_told_by_its_arrivals(database: AsyncEngine) -> None:
    """A batch that holds ten minutes of a device that reports each minute."""
    batches = (
        sent(range(i * 10, i * 10 + 10), at=0, first_arrival=after(600 * i), last_arrival=after(600 * i + 540))
        for i in range(6)
    )
    await see(database, *batches)
    assert (await source(database)).learned_interval_s == 60.0


async def test_drift_is_that_of_the_least_delayed_minutes(database: AsyncEngine) -> None:
    """Each minute's least delayed message counts; a wrong one and a buffered quarter of messages move nothing."""
    drifts = [-30_000, -800, -900] + [-900 - i for i in range(7)] + [900_000, -3_600_000, -3_600_000]
    await see(database, sent(at=0, drift_ms=-30_000), sent(at=1, drift_ms=-800))
    await see(database, *(sent(at=60 * i, drift_ms=drift) for i, drift in enumerate(drifts, 1)))
    assert (await source(database)).drift_s == -0.8
    await see(database, *(sent(at=3600 + 60 * i, drift_ms=45_000) for i in range(8)))
    assert (await source(database)).drift_s == 45.0
    await see(database, sent(at=7200, drift_ms=None))
    assert (await source(database)).drift_s == 45.0


async def test_a_backlog_says_nothing_of_a_clock(database: AsyncEngine) -> None:
    """A month that arrives within a few minutes, and then every hour's message as it is measured."""
    for minute in range(4):
        await see(database, sent(at=60 * minute, drift_ms=-3_600_000 + minute))
        assert (await source(database)).drift_s is None
    await see(database, sent(at=3600, drift_ms=-400))
    await see(database, sent(at=7200, drift_ms=-300))
    assert (await source(database)).drift_s == -0.4


def run(value: float, count: int, begin: float, end: float, *, whole: bool = True) -> Run:
    return Run(value, after(begin), after(end), count, whole)


async def test_a_frozen_value_is_followed_over_batches(database: AsyncEngine) -> None:
    await see(database, sent(at=9, runs={"t": run(7.5, 2, 5, 9, whole=False)}))
    await see(database, sent(at=20, runs={"t": run(7.5, 3, 11, 20)}), sent(at=30))
    found = await source(database)
    assert (found.channel, found.same_since, found.same_count) == ("t", after(5), 5)
    await see(database, sent(at=40, runs={"t": run(7.5, 1, 40, 40, whole=False)}))
    assert (await source(database)).same_count == 1, "it was another value in between"
    await see(database, sent(at=50, runs={"t": run(8.0, 4, 41, 50)}))
    found = await source(database)
    assert (found.same_since, found.same_count) == (after(41), 4)


async def test_the_channel_that_is_longest_the_same_is_named(database: AsyncEngine) -> None:
    await see(database, sent(at=90, runs={"t": run(1.0, 2, 80, 90), "p": run(2.0, 9, 10, 90)}))
    assert (await source(database)).channel == "p"


async def test_a_declared_interval_is_the_devices_or_its_systems(database: AsyncEngine) -> None:
    await see(database, sent(at=0))
    entry = {"city": METER.city, "system": METER.system}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.source_registry).values(**entry, interval_s=300))
    assert (await source(database)).declared_interval_s == 300
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.source_registry).values(**entry, device="meter-1", interval_s=5))
        await connection.execute(sa.insert(tables.source_registry).values(**entry, device="meter-2", interval_s=5))
        rows = (await connection.execute(sa.text("SELECT * FROM v_source ORDER BY device"))).all()
    assert [(row.device, row.declared_interval_s, row.events, row.stored_at) for row in rows] == [
        ("meter-1", 5, 1, after(0)),
        ("meter-2", 5, 0, None),
    ]


async def test_a_frozen_sensor_is_followed_from_its_events_to_the_database(database: AsyncEngine) -> None:
    """Three batches of a test's own measuring type: from the second on the value stays."""
    for number, levels in enumerate(((1.0, 2.5), (2.5, 2.5), (2.5,))):
        events = [reading(10 * number + i, level, probe="a") for i, level in enumerate(levels)]
        records = [Record(decoded.offset, decoded.body) for decoded in events]
        async with database.begin() as connection:
            await devices.see(connection, observe(events, records, BEGIN, READ), 0, BEGIN)
    found = await source(database)
    assert (found.channel, found.same_count) == ("kz.ahual.test.level.v1/a", 4)
    assert (found.same_since, found.channel_newest_time) == (second(1), second(20))


async def test_duplicates_and_broken_transactions_change_nothing(database: AsyncEngine) -> None:
    partition = Partition(database, "sources")
    await partition.enter()
    bodies = [answered(id=str(number), sequence=str(number)) for number in range(1, 31) if number not in (7, 20)]
    log = [*bodies[:20], *bodies[5:15], *bodies[20:], *bodies]
    for begin in range(0, len(log), 9):
        with pytest.raises(CrashError):
            await partition.commit(begin, log[begin : begin + 9], crash=True)
        await partition.commit(begin, log[begin : begin + 9])
        with pytest.raises(FencedError):
            await partition.commit(begin, log[begin : begin + 9])
    found = await source(database)
    assert (found.device, found.events, found.missing, found.restarts) == ("pbx-1", 28, 2, 0)
