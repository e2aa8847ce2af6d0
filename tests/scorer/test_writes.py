"""Several tables in one statement, each with its own rows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from services.scorer.parts import marked
from services.scorer.writes import Write, together

pytestmark = pytest.mark.stack

CITIES = Write(
    "city",
    {"code": sa.Text(), "category": sa.Text()},
    """
    INSERT INTO city (code, name, category, timezone)
    SELECT code, '{}', category, 'Asia/Almaty' FROM unnest(:city_code, :city_category) AS added(code, category)
    """,
)


async def test_all_are_written_and_none_without_rows(database: AsyncEngine) -> None:
    async with database.begin() as connection:
        await together(connection, [], 3)
        await together(connection, [CITIES.of([]), marked([])], 3)
        await together(connection, [CITIES.of([("a", "regional"), ("b", "district")]), marked([("a", "1.8")])], 3)
        await together(connection, [CITIES.of([]), marked([("a", "1.8"), ("b", "2.1")])], 3)
    async with database.connect() as connection:
        cities = await connection.execute(sa.text("SELECT code, category FROM city WHERE name = '{}' ORDER BY code"))
        marks = await connection.execute(sa.text("SELECT city, kpi, partition, revision FROM kpi_mark ORDER BY city"))
        assert cities.all() == [("a", "regional"), ("b", "district")]
        assert marks.all() == [("a", "1.8", 3, 2), ("b", "2.1", 3, 1)]


async def test_one_that_fails_writes_nothing(database: AsyncEngine) -> None:
    with pytest.raises(sa.exc.IntegrityError):
        async with database.begin() as connection:
            await together(connection, [marked([("a", "1.8")]), CITIES.of([("karaganda", "regional")])], 0)
    async with database.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM kpi_mark")) == 0
