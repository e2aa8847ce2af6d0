"""The transaction against a real database: repeated, reordered, broken off, the sums stay a plain sum's."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas import tables
from services.cityscore.catalogue import load_catalogue
from services.runtime.database import DATABASE_ERRORS, open_database
from services.runtime.kafka import SESSION_S
from services.runtime.topic_identity import TopicIdentity
from services.scorer import offsets
from services.scorer.decoding import RecordDecoder
from services.scorer.errors import FencedError
from services.scorer.main import HELD_S, open_engine
from services.scorer.measures import compile_measures
from services.scorer.settings import ScorerSettings
from services.scorer.transaction import Outcome, commit_dead_letters, commit_events
from services.scorer.types import Batch, City, Record
from tests.scorer.events import answered, event

pytestmark = pytest.mark.stack

CITY = City("karaganda", "regional", "Asia/Almaty", 0)
CITIES = {CITY.code: CITY}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COMPILED = compile_measures(load_catalogue())


class CrashError(Exception):
    """Stands for a process that dies in the middle of its transaction."""


class Partition:
    """A partition's log and the scorer that works on it."""

    def __init__(self, engine: AsyncEngine, topic_id: str, number: int = 0) -> None:
        self.engine = engine
        self.topic_id = topic_id
        self.number = number
        self.decoder = RecordDecoder()

    async def enter(self, oldest: int = 0) -> int:
        async with self.engine.begin() as connection:
            identity = TopicIdentity("test", self.topic_id)
            return (await offsets.enter(connection, identity, "events", self.number, oldest))[0]

    def batch(self, begin: int, values: Sequence[bytes]) -> Batch:
        records = [Record(begin + i, value) for i, value in enumerate(values)]
        return Batch("test", self.topic_id, "events", self.number, begin, records)

    async def commit(self, begin: int, values: Sequence[bytes], *, crash: bool = False) -> Outcome:
        def clock() -> datetime:
            if crash:
                raise CrashError
            return NOW

        return await commit_events(self.engine, self.batch(begin, values), self.decoder, COMPILED, CITIES, clock)

    async def outcome(self) -> dict[str, int]:
        table = tables.consumer_offset
        query = sa.select(table).where(table.c.topic_id == self.topic_id, table.c.partition == self.number)
        async with self.engine.connect() as connection:
            row = (await connection.execute(query)).one()
        names = ("first_offset", "next_offset", "stored", "duplicate", "rejected", "skipped")
        return {name: getattr(row, name) for name in names}


async def sums(engine: AsyncEngine, kpi: str, tier: str) -> tuple[int, int, int]:
    """All parts of a KPI, whatever their bucket."""
    query = sa.text(
        f"SELECT coalesce(sum(numerator), 0), coalesce(sum(denominator), 0), coalesce(sum(count), 0) FROM part_{tier}"  # noqa: S608
        " WHERE kpi = :kpi"
    )
    async with engine.connect() as connection:
        row = (await connection.execute(query, {"kpi": kpi})).one()
    return int(row[0]), int(row[1]), int(row[2])


def calls(rng: random.Random, count: int) -> Iterator[tuple[bytes, int]]:
    """Answered calls of the last day with their waits in ms."""
    for number in range(count):
        end = NOW - timedelta(milliseconds=rng.randrange(86_000_000))
        wait = rng.randrange(120_000)
        begin = end - timedelta(milliseconds=wait)
        yield answered(end.isoformat(), begin.isoformat(), id=f"call-{number}"), wait


@pytest.mark.parametrize("seed", range(5))
async def test_random_streams_equal_a_plain_sum(database: AsyncEngine, seed: int) -> None:
    rng = random.Random(seed)
    truth = dict(calls(rng, 300))
    partitions = [Partition(database, f"random-{seed}", number) for number in range(3)]
    # A repeated event comes on the partition of the first one, because the key is the source.
    logs: list[list[bytes]] = [[], [], []]
    for body in truth:
        logs[rng.randrange(3)].append(body)
    for partition, log in zip(partitions, logs, strict=True):
        log.extend(rng.choices(log, k=len(log) // 3))
        rng.shuffle(log)
        position = await partition.enter()
        while position < len(log):
            size = rng.randrange(1, 60)
            cut = log[position : position + size]
            if rng.random() < 0.3:
                with pytest.raises(CrashError):
                    await partition.commit(position, cut, crash=True)
            await partition.commit(position, cut)
            with pytest.raises(FencedError):
                await partition.commit(position, cut)
            position += len(cut)
    expected = (sum(truth.values()), len(truth), len(truth))
    for tier in ("minute", "hour", "day"):
        assert await sums(database, "2.1", tier) == expected
    in_time = sum(wait <= 45_000 for wait in truth.values())
    assert await sums(database, "1.8", "day") == (in_time, len(truth), len(truth) + in_time)
    booked: Counter[str] = Counter()
    for partition in partitions:
        booked.update(await partition.outcome())
    assert booked["stored"] == len(truth)
    assert booked["next_offset"] == booked["stored"] + booked["duplicate"] + booked["rejected"]


async def test_each_record_has_one_outcome(database: AsyncEngine) -> None:
    partition = Partition(database, "outcomes")
    await partition.enter()
    first = answered(id="a")
    await partition.commit(0, [first])
    outcome = await partition.commit(
        1,
        [
            first,
            answered(id="a", subject="another content"),
            b"not an event",
            answered(id="b", city="nowhere"),
            answered("2020-01-01T00:00:10Z", "2020-01-01T00:00:00Z", id="old"),
            answered(id="c"),
        ],
    )
    assert (outcome.stored, outcome.duplicate, outcome.rejected, outcome.unreconciled) == (1, 1, 4, 0)
    async with database.connect() as connection:
        rows = await connection.execute(sa.select(tables.dead_letter).order_by(tables.dead_letter.c.origin))
        assert [(row.origin, row.reason) for row in rows] == [
            ("events/0/2", "conflict"),
            ("events/0/3", "undecodable"),
            ("events/0/4", "unknown_city"),
            ("events/0/5", "too_old"),
        ]


async def test_a_stale_scorer_writes_nothing(database: AsyncEngine) -> None:
    mine, other = Partition(database, "fenced"), Partition(database, "fenced")
    await mine.enter()
    await other.commit(0, [answered(id="a"), answered(id="b")])
    with pytest.raises(FencedError):
        await mine.commit(0, [answered(id="z")])
    assert (await mine.outcome())["stored"] == 2
    assert (await sums(database, "2.1", "day"))[2] == 2
    async with database.connect() as connection:
        assert (await connection.execute(sa.text("SELECT count(*) FROM ledger_department"))).scalar_one() == 2


async def test_a_recreated_topic_starts_anew_and_its_copies_are_duplicates(database: AsyncEngine) -> None:
    old, new = Partition(database, "topic-1"), Partition(database, "topic-2")
    await old.enter()
    await old.commit(0, [answered(id="a")])
    assert await new.enter() == 0
    outcome = await new.commit(0, [answered(id="a"), answered(id="b")])
    assert (outcome.stored, outcome.duplicate) == (1, 1)


async def test_records_kafka_dropped_unread_are_booked_as_skipped(database: AsyncEngine) -> None:
    partition = Partition(database, "retention")
    assert await partition.enter() == 0
    assert await partition.enter(oldest=40) == 40
    outcome = await partition.commit(40, [answered(id="a")])
    assert outcome.unreconciled == 0
    assert (await partition.outcome())["skipped"] == 40


async def test_cohorts_enter_the_bucket_of_their_due_date(database: AsyncEngine) -> None:
    partition = Partition(database, "cohorts")
    await partition.enter()
    due = "2026-11-25T09:30:00Z"
    registered = {
        "request": "r",
        "kind": "incident",
        "category": "roads",
        "channel": "phone",
        "registered_at": "2026-11-22T09:00:00Z",
        "due_at": due,
    }
    resolved = {
        "request": "r",
        "kind": "incident",
        "registered_at": "2026-11-22T09:00:00Z",
        "resolved_at": "2026-11-22T11:00:00Z",
        "due_at": due,
        "first_contact": False,
    }
    await partition.commit(
        0,
        [
            event("request-resolved", "2026-11-22T11:00:00Z", resolved),
            event("request-registered", "2026-11-22T09:00:00Z", registered),
        ],
    )
    query = sa.text("SELECT bucket, numerator, denominator FROM part_minute WHERE kpi = '1.9'")
    async with database.connect() as connection:
        assert (await connection.execute(query)).all() == [(datetime.fromisoformat(due), 1, 1)]


async def test_a_moved_floor_waits_for_scorers(database: AsyncEngine) -> None:
    """Whoever moves the floor holds the lock exclusively; a batch in flight has read the old floor and goes first."""
    partition = Partition(database, "floors")
    await partition.enter()
    async with database.begin() as scorer, database.begin() as mover:
        await offsets.move(scorer, partition.batch(0, [b""]))
        locked = await mover.execute(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": offsets.FLOOR_LOCK})
        assert locked.scalar_one() is False


async def test_the_gateways_dead_letters_are_copied_once(database: AsyncEngine) -> None:
    partition = Partition(database, "dlq")
    await partition.enter()
    batch = partition.batch(0, [b"what no gateway writes"])
    await commit_dead_letters(database, batch, lambda: NOW)
    with pytest.raises(FencedError):
        await commit_dead_letters(database, batch, lambda: NOW)
    async with database.connect() as connection:
        [letter] = (await connection.execute(sa.select(tables.dead_letter))).all()
    assert (letter.reason, letter.payload) == ("undecodable", b"what no gateway writes")


async def test_a_scorer_that_stands_still_in_its_transaction_gives_way(
    database: AsyncEngine, database_url: SecretStr
) -> None:
    """As one that is stopped (SIGSTOP) does: another one goes on, and who wakes up has written nothing."""
    held, woken = threading.Event(), threading.Event()
    partition = Partition(database, "held")
    await partition.enter()

    def clock() -> datetime:
        held.set()
        assert woken.wait(30)
        return NOW

    async def hang() -> None:
        engine = open_database(database_url, pool_size=1, pre_ping=False, held_s=0.5)
        try:
            batch = partition.batch(0, [answered(id="a"), answered(id="b")])
            await commit_events(engine, batch, RecordDecoder(), COMPILED, CITIES, clock)
        finally:
            await engine.dispose()

    hanging = asyncio.create_task(asyncio.to_thread(asyncio.run, hang()))
    try:
        assert await asyncio.to_thread(held.wait, 10)
        async with asyncio.timeout(10):
            assert (await partition.commit(0, [answered(id="a"), answered(id="c")])).stored == 2
    finally:
        woken.set()
    with pytest.raises(DATABASE_ERRORS):
        await hanging
    assert (await partition.outcome())["stored"] == 2
    assert (await sums(database, "2.1", "day"))[2] == 2


async def test_a_scorer_is_let_go_before_its_group_gives_it_up(stack: Stack) -> None:
    settings = ScorerSettings(kafka_bootstrap="unused", database_url=SecretStr(stack.database_url("ahual_scorer")))
    engine = open_engine(settings, pool_size=1)
    try:
        async with engine.connect() as connection:
            limit = await connection.scalar(sa.text("SHOW idle_in_transaction_session_timeout"))
    finally:
        await engine.dispose()
    assert limit == f"{HELD_S:.0f}s"
    assert HELD_S < SESSION_S
