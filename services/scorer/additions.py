"""Step 3 of a commit: what a batch adds, all tables in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer import bins, changed_days, entries, marks, parts
from services.scorer.types import City, Folded
from services.scorer.writes import Bound, together


async def add(
    connection: AsyncConnection,
    folded: Folded,
    partition: int,
    cities: Mapping[str, City],
    now: datetime,
    beside: Iterable[Bound] = (),
) -> None:
    """Add everything that events were folded into and mark what it changed; write what stands `beside` it too."""
    writes = [
        *beside,
        *parts.added(folded.parts, cities, now),
        *bins.added(folded.bins, cities, now),
        entries.added(folded.entries),
        changed_days.recorded(folded, cities, now),
        marks.marked(folded, cities, now),
    ]
    await together(connection, writes, partition)
