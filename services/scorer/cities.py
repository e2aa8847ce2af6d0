"""The cities of this installation, read from the database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from services.runtime.database import DATABASE_ERRORS
from services.scorer.types import City

log = logging.getLogger(__name__)
EVERY_S: Final = 10.0


class Cities:
    """The registered cities, as they were when they were last read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.known: Mapping[str, City] = {}

    async def refresh(self) -> None:
        """Read the table again."""
        async with self._engine.connect() as connection:
            self.known = await load_cities(connection)

    async def keep_reading(self) -> None:
        """Read the table again now and then, until cancelled: a category may have changed."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.refresh()
            except DATABASE_ERRORS as error:
                log.warning("cities not read, trying again later", extra={"reason": str(error)[:300]})


async def load_cities(connection: AsyncConnection) -> Mapping[str, City]:
    """All registered cities by code."""
    columns = tables.city.c
    rows = await connection.execute(
        sa.select(columns.code, columns.category, columns.timezone, columns.additional_initiatives)
    )
    return {row.code: City(*row) for row in rows}
