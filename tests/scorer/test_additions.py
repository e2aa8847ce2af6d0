"""What a batch adds to the database can be read back, and taken away again by its negative."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Period
from schemas.snapshot import Window
from services.cityscore.catalogue import load_catalogue
from services.scorer import additions, bins
from services.scorer.decoding import RecordDecoder
from services.scorer.fold import fold
from services.scorer.histogram import bin_of
from services.scorer.measures import compile_measures
from services.scorer.tiers import trailing
from services.scorer.types import City, Decoded, Entry, EntryKey, Folded, Record
from tests.scorer.events import answered

pytestmark = pytest.mark.stack

CITY = City("karaganda", "regional", "Asia/Almaty", 0)
CITIES = {CITY.code: CITY}
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
COMPILED = compile_measures(load_catalogue())


def calls(rng: random.Random, count: int) -> tuple[list[Decoded], list[int]]:
    """Answered calls of the last 24 hours, and their waits in ms."""
    waits = [rng.randrange(600_000) for _ in range(count)]
    ends = [NOW - timedelta(milliseconds=rng.randrange(86_000_000)) for _ in waits]
    bodies = [
        answered(end.isoformat(), (end - timedelta(milliseconds=wait)).isoformat(), id=f"call-{number}")
        for number, (end, wait) in enumerate(zip(ends, waits, strict=True))
    ]
    decoded, rejected = RecordDecoder().decode([Record(i, body) for i, body in enumerate(bodies)], CITIES)
    assert not rejected
    return decoded, waits


async def test_bins_of_a_window_are_those_of_the_plain_list(database: AsyncEngine) -> None:
    events, waits = calls(random.Random(1), 200)
    for partition, batch in enumerate((events[:80], events[80:])):
        async with database.begin() as connection:
            await additions.add(connection, fold(batch, COMPILED, CITIES, NOW), partition, CITIES, NOW)
    async with database.connect() as connection:
        windows = [trailing(period, NOW, CITY.timezone) for period in (Period.DAY, Period.WEEK, Period.YEAR)]
        assert await bins.read(connection, CITY, "2.1", windows) == [Counter(map(bin_of, waits))] * 3


async def test_windows_that_overlap_or_leave_gaps_are_each_counted_whole(database: AsyncEngine) -> None:
    rng = random.Random(4)
    events, waits = calls(rng, 300)
    async with database.begin() as connection:
        await additions.add(connection, fold(events, COMPILED, CITIES, NOW), 0, CITIES, NOW)
    minutes = [sorted(rng.sample(range(24 * 60), 2)) for _ in range(20)]
    windows = [Window(begin=NOW - timedelta(minutes=late), end=NOW - timedelta(minutes=soon)) for soon, late in minutes]
    ended = [(one.event.time, bin_of(wait)) for one, wait in zip(events, waits, strict=True)]
    expected = [Counter(number for time, number in ended if w.begin <= time < w.end) for w in windows]
    async with database.connect() as connection:
        assert await bins.read(connection, CITY, "2.1", windows) == expected
        assert await bins.read(connection, CITY, "2.1", [windows[0], windows[0]]) == [expected[0]] * 2


async def test_the_negative_takes_away_exactly_what_was_added(database: AsyncEngine) -> None:
    events, _ = calls(random.Random(2), 50)
    for partition, sign in enumerate((1, -1)):
        async with database.begin() as connection:
            folded = fold(events, COMPILED, CITIES, NOW, sign)
            await additions.add(connection, folded, partition, CITIES, NOW)
    async with database.connect() as connection:
        for tier in tables.parts:
            sums = f"SELECT DISTINCT sum(numerator), sum(denominator), sum(count) FROM part_{tier} GROUP BY kpi, bucket"  # noqa: S608
            assert (await connection.execute(sa.text(sums))).all() == [(0, 0, 0)]
            counts = f"SELECT DISTINCT sum(count) FROM bin_{tier} GROUP BY kpi, bucket, bin"  # noqa: S608
            assert (await connection.execute(sa.text(counts))).all() == [(0,)]


async def test_entries_are_added_per_event(database: AsyncEngine) -> None:
    key = EntryKey("karaganda", "8.1", "", 0, "", "/karaganda/smart-stops/registry", NOW, NOW, 7)
    for value, events, expected in ((5, 1, (5, 1)), (-5, -1, (0, 0))):
        async with database.begin() as connection:
            await additions.add(connection, Folded({}, {}, {key: Entry(value, events, None)}), 0, CITIES, NOW)
            row = (await connection.execute(sa.select(tables.entry.c.value, tables.entry.c.count))).one()
            assert tuple(row) == expected
