"""A database whose ledger begins where the random streams expect it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from tests.scorer.logs import FLOOR, TOWNS


@pytest.fixture
async def floored(database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The ledger's floor, and the cities' clocks, where the streams expect them."""
    set_floor = sa.text("UPDATE ledger_floor SET floor = :floor WHERE event_class = 'department'")
    async with database.begin() as connection:
        query = sa.text("SELECT floor FROM ledger_floor WHERE event_class = 'department'")
        before = (await connection.execute(query)).scalar_one()
        await connection.execute(set_floor, {"floor": FLOOR})
        for code, town in TOWNS.items():
            of_town = sa.update(tables.city).where(tables.city.c.code == code)
            await connection.execute(of_town.values(timezone=town.timezone))
    yield database
    async with database.begin() as connection:
        await connection.execute(set_floor, {"floor": before})
