"""The cities of this installation, read from the database."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from services.scorer.types import City


class Cities:
    """The registered cities, as they were when they were last read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.known: Mapping[str, City] = {}

    async def refresh(self) -> None:
        """Read the table again."""
        async with self._engine.connect() as connection:
            self.known = await load_cities(connection)


async def load_cities(connection: AsyncConnection) -> Mapping[str, City]:
    """All registered cities by code."""
    columns = tables.city.c
    rows = await connection.execute(
        sa.select(columns.code, columns.category, columns.timezone, columns.additional_initiatives)
    )
    return {row.code: City(*row) for row in rows}
