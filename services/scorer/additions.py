"""Step 3 of a commit: what a batch adds, table by table."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer import bins, changed_days, entries, parts
from services.scorer.types import City, Folded


async def add(
    connection: AsyncConnection, folded: Folded, partition: int, cities: Mapping[str, City], now: datetime
) -> None:
    """Add everything that events were folded into."""
    await parts.add(connection, folded.parts, partition, cities, now)
    await bins.add(connection, folded.bins, partition, cities, now)
    await entries.add(connection, folded.entries, partition)
    await changed_days.record(connection, folded, partition, cities, now)
