"""What is remembered of windows equals what a fresh reading finds, whatever was added when and by whose clock."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.catalogue import Period
from services.scorer import additions, marks, reading
from services.scorer.kinds import Sums
from services.scorer.marks import Mark, Marks
from services.scorer.reading import Cut
from services.scorer.settled import Settled
from services.scorer.tiers import LENGTH, before, day_of, trailing
from services.scorer.types import City, Entry, EntryKey, Folded, Part, PartKey

NOW = datetime(2026, 11, 22, 18, 40, tzinfo=UTC)
"""Twenty minutes before midnight in the city."""
CITY = City("karaganda", "regional", "Asia/Almaty", 0)
CITIES = {CITY.code: CITY}
KPIS = ("1.8", "2.1", "2.4")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def marked(*found: Mark) -> Marks:
    return Marks(found)


def test_a_window_stands_until_something_is_added_before_its_end() -> None:
    seen = marked(Mark(0, 7, 1, NOW), Mark(1, 3, 0, None))
    assert seen.revision == 10
    assert seen.state(NOW) == marked(Mark(0, 9, 1, NOW + DAY), Mark(1, 3, 0, None)).state(NOW)
    for changed in (Mark(0, 8, 2, NOW), Mark(0, 8, 1, NOW - DAY)):
        assert seen.state(NOW) != marked(changed, Mark(1, 3, 0, None)).state(NOW)
    assert seen.state(NOW) != marked(Mark(0, 7, 1, NOW), Mark(1, 4, 0, NOW)).state(NOW)
    assert seen.state(NOW) != marked(Mark(0, 7, 1, NOW)).state(NOW)
    assert seen.state(NOW + MINUTE) != marked(Mark(0, 8, 1, NOW), Mark(1, 3, 0, None)).state(NOW + MINUTE)


def test_only_what_was_asked_last_is_remembered() -> None:
    settled, seen = Settled(), {"1.8": marked(Mark(0, 1, 0, NOW))}
    old, new = (Cut("1.8", "day", NOW - n * DAY, NOW) for n in (2, 1))
    settled.keep("a", {old: {"": Sums(1, 1, 1)}}, seen)
    assert settled.of("a", [old, new], seen) == {old: {"": Sums(1, 1, 1)}}
    assert settled.of("b", [old], seen) == {}
    settled.keep("a", {new: {}}, seen)
    assert settled.of("a", [old, new], seen) == {new: {}}


class Reader:
    """A score writer's way of reading, beside a fresh one."""

    def __init__(self) -> None:
        self.settled = Settled()
        self.read = 0
        """Cuts that were not remembered."""

    async def compare(self, connection: AsyncConnection, now: datetime) -> None:
        seen = await marks.read(connection, CITY.code)
        wanted = list(dict.fromkeys(chain.from_iterable(windows(now, [kpi for kpi in KPIS if kpi in seen]))))
        fresh = await reading.parts(connection, CITY, wanted)
        known = self.settled.of(CITY.code, wanted, seen)
        assert known == {cut: fresh[cut] for cut in known}
        self.read = len(wanted) - len(known)
        self.settled.keep(CITY.code, fresh, seen)


def windows(now: datetime, kpis: Iterable[str]) -> list[list[Cut]]:
    """All trailing windows of each, and those before."""
    asked = [(kpi, trailing(period, now, CITY.timezone)) for kpi in kpis for period in Period]
    earlier = [(kpi, before(window, LENGTH[Period.YEAR], CITY.timezone)) for kpi, window in asked]
    return reading.cuts(CITY, [*asked, *earlier])


def addition(rng: random.Random, now: datetime) -> Folded:
    """To some minutes of now, today, the past or the future; sometimes only a dated entry."""
    kpis = rng.sample(KPIS, rng.randrange(1, 3))
    parts: dict[PartKey, Part] = {}
    for _ in range(rng.randrange(4)):
        age = rng.choice([MINUTE, timedelta(hours=1), DAY, 40 * DAY, 500 * DAY, -20 * DAY]) * rng.random()
        key = PartKey(CITY.code, rng.choice(kpis), "", "", (now - age).replace(second=0, microsecond=0))
        parts[key] = Part(rng.randrange(-3, 9), 1, 1)
    entry = EntryKey(CITY.code, kpis[0], "", 0, "", "source", now, now, rng.randrange(1 << 40))
    return Folded(parts, {}, {entry: Entry(1, 1, None)} if rng.random() < 0.2 else {})


@pytest.mark.stack
@pytest.mark.parametrize("seed", range(6))
async def test_random_additions_by_wrong_clocks(database: AsyncEngine, seed: int) -> None:
    rng, now, reader = random.Random(seed), NOW, Reader()
    for _ in range(60):
        now += rng.choice([MINUTE, MINUTE, timedelta(minutes=7), DAY]) * rng.random()
        for _ in range(rng.randrange(3)):
            wrong = rng.choice([0, 0, 0, -2, -0.1, 0.1, 3]) * DAY
            async with database.begin() as connection:
                folded = addition(rng, now)
                await additions.add(connection, folded, rng.randrange(3), CITIES, now + wrong)
        async with database.connect() as connection:
            await reader.compare(connection, now)


@pytest.mark.stack
async def test_of_a_long_past_only_today_is_read_again(database: AsyncEngine) -> None:
    reader = Reader()
    await add(database, {NOW - n * DAY: 1 for n in range(400)})
    everything = set(chain.from_iterable(windows(NOW, ["2.1"])))
    today = {cut for cut in everything if cut.end > day_of(NOW, CITY.timezone)}
    assert len(today) < len(everything) / 2
    for age, expected in ((0, today), (0, today), (3, everything), (0, today)):
        async with database.connect() as connection:
            await reader.compare(connection, NOW)
        await add(database, {NOW - age * DAY: 1})
        async with database.connect() as connection:
            await reader.compare(connection, NOW)
        assert reader.read == len(expected)


async def add(engine: AsyncEngine, minutes: Mapping[datetime, int]) -> None:
    parts = {PartKey(CITY.code, "2.1", "", "", at): Part(value, 1, 1) for at, value in minutes.items()}
    async with engine.begin() as connection:
        await additions.add(connection, Folded(parts, {}, {}), 0, CITIES, NOW)


@pytest.mark.stack
async def test_marks_of_before_are_taken_for_unsure(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        row = {"city": CITY.code, "kpi": "2.1", "partition": 0, "revision": 5}
        await connection.execute(sa.insert(tables.kpi_mark).values(row))
        old = (await marks.read(connection, CITY.code))["2.1"]
    assert list(old) == [Mark(0, 5, 0, None)]
    await add(database, {NOW: 1})
    async with database.connect() as connection:
        new = (await marks.read(connection, CITY.code))["2.1"]
    assert new.revision == 6
    assert old.state(NOW - 9 * DAY) != new.state(NOW - 9 * DAY)
