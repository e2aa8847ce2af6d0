"""A slice of `make export-year` short enough for every test run: the end of a year in two towns of a few systems."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from tests.export import towns
from tests.export.towns import Span
from tests.export.year import Trial

pytestmark = pytest.mark.stack
SPAN = Span(datetime(2025, 12, 20, 19, tzinfo=UTC), datetime(2025, 12, 31, 19, tzinfo=UTC))
SYSTEMS = ("contact-centre", "environment", "water", "smart-stops", "greenery")


@pytest.fixture
async def open_past(database: AsyncEngine) -> AsyncIterator[None]:
    """Every floor lies before the span."""
    table = tables.ledger_floor
    async with database.begin() as connection:
        before = (await connection.execute(sa.select(table))).mappings().all()
        begin = SPAN.begin - timedelta(days=1)
        await connection.execute(sa.update(table).values(floor=begin, first=begin, dropped=begin))
    yield
    async with database.begin() as connection:
        for row in before:
            await connection.execute(sa.update(table).where(table.c.event_class == row["event_class"]).values(**row))


@pytest.mark.usefixtures("open_past")
@pytest.mark.timeout(300)
async def test_the_end_of_a_year_is_delivered_as_it_was(
    database: AsyncEngine, database_url: SecretStr, tmp_path: Path
) -> None:
    some = [towns.town(number, SYSTEMS) for number in range(2)]
    await towns.register(database_url, some)
    trial = Trial(database_url, tmp_path, SPAN, some, kills=1)
    for town in some:
        await towns.live_through(database, town, SPAN, trial.at(1), trial.raw(town))
    report = await trial.run()
    compared = [trial.compare(town) for town in some]
    assert report.wrong + [wrong for _, found in compared for wrong in found] == []
    assert (report.deliveries, report.revisions) == (2 * (11 + 2 + 1 + 1 + 1), 1)
    assert min(count for count, _ in compared) > 250
