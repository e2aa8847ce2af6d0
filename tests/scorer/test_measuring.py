"""Windows that are over, read from the same parts as the live ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.snapshot import Window
from services.cityscore.catalogue import load_catalogue
from services.scorer.kinds import Sums
from services.scorer.measuring import Asked, Measuring
from tests.scorer.events import answered
from tests.scorer.test_transaction import CITY, NOW, Partition

pytestmark = pytest.mark.stack
DAY = timedelta(days=1)


def asked(begin: datetime, end: datetime) -> Asked:
    return Asked("2.1", Window(begin=begin, end=end), Window(begin=begin - (end - begin), end=begin), end)


async def test_any_windows_of_one_kpi(database: AsyncEngine) -> None:
    partition = Partition(database, "over")
    await partition.enter()
    calls = [
        answered("2026-11-20T10:00:10Z", "2026-11-20T10:00:00Z", id="a"),
        answered("2026-11-21T10:00:30Z", "2026-11-21T10:00:00Z", id="b"),
        answered("2026-11-21T18:59:59Z", "2026-11-21T18:59:39Z", id="c"),
        answered("2026-11-21T19:00:00Z", "2026-11-21T18:59:56Z", id="d"),  # after midnight in the city
    ]
    await partition.commit(0, calls)
    midnight = datetime(2026, 11, 21, 19, tzinfo=UTC)
    windows = [
        asked(midnight - DAY, midnight),
        asked(midnight - 30 * DAY, midnight),
        asked(midnight - timedelta(minutes=5), midnight + timedelta(minutes=1)),
        asked(midnight - 400 * DAY, midnight - 370 * DAY),
    ]
    async with database.connect() as connection:
        found = await Measuring(load_catalogue()).over(connection, CITY, windows)
        live = await Measuring(load_catalogue()).measure(connection, CITY, NOW)
    assert [(m.window, m.sums) for m in found] == [
        (windows[0].window, Sums(50_000, 2, 2)),
        (windows[1].window, Sums(60_000, 3, 3)),
        (windows[2].window, Sums(24_000, 2, 2)),
        (windows[3].window, Sums()),
    ]
    assert [m.evaluated.freshness for m in found] == ["fresh", "fresh", "fresh", "missing"]
    assert [m.coverage for m in found] == [2 / 24, 2 / 30, 1.0, 0.0]
    assert found[0].newest == datetime(2026, 11, 21, 18, 59, 59, tzinfo=UTC)
    assert found[1].evaluated.value == 20.0
    assert live["2.1"].sums == Sums(24_000, 2, 2)
    assert live["2.1"].newest == midnight


async def test_nothing_asked_nothing_read(database: AsyncEngine) -> None:
    async with database.connect() as connection:
        assert await Measuring(load_catalogue()).over(connection, CITY, []) == []
