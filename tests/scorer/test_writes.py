"""Several tables in one statement, each with its own rows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.scorer import marks
from services.scorer.types import City, Folded, Part, PartKey
from services.scorer.writes import Bound, Write, together

pytestmark = pytest.mark.stack

CITIES = Write(
    "city",
    {"code": sa.Text(), "category": sa.Text()},
    """
    INSERT INTO city (code, name, category, timezone)
    SELECT code, '{}', category, 'Asia/Almaty' FROM unnest(:city_code, :city_category) AS added(code, category)
    """,
)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOWNS = {code: City(code, "regional", "Asia/Almaty", 0) for code in "ab"}


def marked(changed: list[tuple[str, str]]) -> Bound:
    """One event each, at this moment."""
    parts = {PartKey(city, kpi, "", "", NOW): Part(1, 0, 1) for city, kpi in changed}
    return marks.marked(Folded(parts, {}, {}), TOWNS, NOW)


async def test_all_are_written_and_none_without_rows(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await together(connection, [], 3)
        await together(connection, [CITIES.of([]), marked([])], 3)
        await together(connection, [CITIES.of([("a", "regional"), ("b", "district")]), marked([("a", "1.8")])], 3)
        await together(connection, [CITIES.of([]), marked([("a", "1.8"), ("b", "2.1")])], 3)
    async with database.connect() as connection:
        cities = await connection.execute(sa.text("SELECT code, category FROM city WHERE name = '{}' ORDER BY code"))
        written = await connection.execute(sa.text("SELECT city, kpi, partition, revision FROM kpi_mark ORDER BY city"))
        assert cities.all() == [("a", "regional"), ("b", "district")]
        assert written.all() == [("a", "1.8", 3, 2), ("b", "2.1", 3, 1)]


async def test_one_that_fails_writes_nothing(database: AsyncEngine) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.begin() as connection:
            await together(connection, [marked([("a", "1.8")]), CITIES.of([("karaganda", "regional")])], 0)
    async with database.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM kpi_mark")) == 0
