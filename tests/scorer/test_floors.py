"""Where a floor moves to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from services.scorer import floors
from services.scorer.floors import days_between, next_floor

KEPT = timedelta(days=14)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_it_moves_at_midnight() -> None:
    floor = datetime(2026, 11, 8, tzinfo=UTC)
    assert next_floor(floor, NOW, KEPT) == floor
    assert next_floor(floor, NOW + timedelta(hours=13), KEPT) == datetime(2026, 11, 9, tzinfo=UTC)


def test_it_never_goes_back() -> None:
    floor = datetime(2026, 11, 8, 9, tzinfo=UTC)
    assert next_floor(floor, NOW, KEPT) == floor
    assert next_floor(floor, NOW - timedelta(days=900), KEPT) == floor


def test_a_clock_that_jumps_moves_it_by_a_day() -> None:
    floor = datetime(2026, 11, 7, 9, tzinfo=UTC)
    assert next_floor(floor, NOW + timedelta(days=900), KEPT) == datetime(2026, 11, 8, tzinfo=UTC)


def test_days_are_those_of_utc() -> None:
    begin = datetime.fromisoformat("2026-11-08T03:00:00+05:00")
    days = days_between(begin, datetime(2026, 11, 9, 23, tzinfo=UTC))
    assert [day.isoformat() for day in days] == ["2026-11-07", "2026-11-08"]
    assert days_between(begin, begin) == []


async def as_new(connection: AsyncConnection) -> None:
    """Floors as a migration leaves them, whatever other tests have moved; taken back with the transaction."""
    same = {"floor": NOW, "first": NOW, "dropped": NOW}
    await connection.execute(sa.update(tables.ledger_floor).values(same))


@pytest.mark.stack
async def test_a_new_installation_takes_its_past(database: AsyncEngine) -> None:
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    async with database.connect() as connection:
        await as_new(connection)
        assert await floors.open_past(connection, begin)
        assert {floor[:3] for floor in (await floors.read(connection)).values()} == {(begin, begin, begin)}
        assert await floors.open_past(connection, begin + timedelta(days=9))
        assert {floor.floor for floor in (await floors.read(connection)).values()} == {begin}
        await connection.rollback()


@pytest.mark.stack
async def test_a_floor_that_has_moved_does_not_go_back(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        await as_new(connection)
        await floors.open_past(connection, datetime(2020, 1, 1, tzinfo=UTC))
        assert await floors.move(connection, "telemetry", NOW)
        assert not await floors.open_past(connection, datetime(2019, 1, 1, tzinfo=UTC))
        after = await floors.read(connection)
        assert after["telemetry"].floor == datetime(2020, 1, 2, tzinfo=UTC)
        assert after["department"].floor == datetime(2019, 1, 1, tzinfo=UTC)
        await connection.rollback()
