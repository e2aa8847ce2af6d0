"""A database whose ledger begins where the random streams expect it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.scorer.logs import FLOOR


@pytest.fixture
async def floored(database: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The ledger's floor where the streams expect it."""
    set_floor = sa.text("UPDATE ledger_floor SET floor = :floor WHERE event_class = 'department'")
    async with database.begin() as connection:
        query = sa.text("SELECT floor FROM ledger_floor WHERE event_class = 'department'")
        before = (await connection.execute(query)).scalar_one()
        await connection.execute(set_floor, {"floor": FLOOR})
    yield database
    async with database.begin() as connection:
        await connection.execute(set_floor, {"floor": before})
