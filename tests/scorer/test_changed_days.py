"""Days that were over when a batch added to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.scorer import additions, changed_days
from services.scorer.changed_days import ChangedDay, changed
from services.scorer.types import Entry, EntryKey, Folded, Part, PartKey
from tests.scorer.events import answered
from tests.scorer.test_transaction import CITIES, CITY, NOW, Partition

TODAY = datetime(2026, 11, 21, 19, tzinfo=UTC)
"""Midnight in the city of NOW's day."""
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def folded(*buckets: datetime, entries: tuple[datetime, ...] = ()) -> Folded:
    parts = {PartKey(CITY.code, "2.1", "", "", bucket): Part(1, 1, 1) for bucket in buckets}
    dated = {EntryKey(CITY.code, "8.1", "", False, "", "s", at, at, 1): Entry(1, 1, None) for at in entries}
    return Folded(parts, {}, dated)


def test_only_days_that_are_over_in_the_city() -> None:
    minutes = folded(TODAY - MINUTE, TODAY - 2 * MINUTE, TODAY, NOW, NOW + 3 * DAY, TODAY - DAY - MINUTE)
    assert changed(minutes, CITIES, NOW) == {
        ChangedDay(CITY.code, TODAY - DAY, "2.1", onwards=False),
        ChangedDay(CITY.code, TODAY - 2 * DAY, "2.1", onwards=False),
    }


def test_a_dated_entry_changes_what_comes_after_it() -> None:
    entries = folded(entries=(TODAY - MINUTE, NOW))
    assert changed(entries, CITIES, NOW) == {ChangedDay(CITY.code, TODAY - DAY, "8.1", onwards=True)}


@pytest.mark.stack
async def test_recorded_with_the_batch_and_forgotten_once_looked_at(database: AsyncEngine) -> None:
    partition = Partition(database, "changed")
    await partition.enter()
    late = [answered("2026-11-20T10:00:10Z", "2026-11-20T10:00:00Z", id=str(n)) for n in range(3)]
    await partition.commit(0, [*late[:2], answered(id="today")])
    async with database.begin() as connection:
        seen = await changed_days.read(connection, CITY.code, 1000)
        assert {(mark.day, mark.revision) for mark in seen} == {(TODAY - 2 * DAY, 1)}
        assert {"2.1", "1.8"} <= {mark.kpi for mark in seen}
        assert await changed_days.unsettled(connection, CITY.code) == (NOW, NOW)
    await partition.commit(3, [late[2]])
    async with database.begin() as connection:
        await changed_days.forget(connection, CITY.code, seen)
    async with database.begin() as connection:
        again = await changed_days.read(connection, CITY.code, 1000)
        assert {(mark.day, mark.revision) for mark in again} == {(TODAY - 2 * DAY, 2)}
        await changed_days.forget(connection, CITY.code, again)
        assert await changed_days.unsettled(connection, CITY.code) is None


@pytest.mark.stack
async def test_what_a_scorer_records_at_this_moment_is_neither_waited_for_nor_forgotten(database: AsyncEngine) -> None:
    day = folded(TODAY - MINUTE)
    async with database.begin() as scorer:
        await additions.add(scorer, day, 0, CITIES, NOW)
    async with database.begin() as connection:
        seen = await changed_days.read(connection, CITY.code, 1000)
    async with database.begin() as scorer:
        await additions.add(scorer, day, 0, CITIES, NOW + MINUTE)
        async with database.begin() as connection:
            await changed_days.forget(connection, CITY.code, seen)
    async with database.begin() as connection:
        assert await changed_days.unsettled(connection, CITY.code) == (NOW, NOW + MINUTE)
        await changed_days.forget(connection, CITY.code, seen)
        assert await changed_days.unsettled(connection, CITY.code) == (NOW + MINUTE, NOW + MINUTE)
