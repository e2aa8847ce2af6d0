"""Folding a partition's events again, from ledger and archive, into tables of its own.

The temporary tables bear the names of the real ones and hide them from this connection, so the events are added by the
very code that adds them live. The connection must be a fresh one: statements prepared before would still mean the real
tables.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.catalogue import Catalogue
from schemas.events.envelope import EventClass
from services.scorer import additions, corrections
from services.scorer.fold import fold
from services.scorer.history import History
from services.scorer.measures import compile_measures, kpis_of
from services.scorer.types import Decoded, Folded

HIDDEN: Final = (
    *tables.parts.values(),
    *tables.bins.values(),
    tables.entry,
    tables.changed_day,
    tables.kpi_mark,
)
"""Every table that `additions.add` writes."""
EVER: Final = (datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC))
LONGEST_BUCKET: Final = timedelta(hours=25)
PENDING: Final = 20_000
"""Parts and bins held in memory before they are written, about 10 MB."""

Progress = Callable[[int, int], None]
"""Called with the partition and how many of its events were read so far."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is computed again: buckets of these KPIs and cities with begin <= bucket < end."""

    kpis: frozenset[str]
    cities: frozenset[str]
    begin: datetime = EVER[0]
    end: datetime = EVER[1]


async def hide(connection: AsyncConnection) -> None:
    """Empty tables in front of the real ones until the transaction ends."""
    for table in HIDDEN:
        await connection.execute(
            sa.text(
                f"CREATE TEMP TABLE {table.name} (LIKE public.{table.name} INCLUDING DEFAULTS INCLUDING INDEXES)"
                " ON COMMIT DROP"
            )
        )


@dataclass(frozen=True, slots=True)
class Refolder:
    """Folds partitions again with one catalogue, as of `now`."""

    catalogue: Catalogue
    history: History
    now: datetime
    progress: Progress

    async def refold(self, connection: AsyncConnection, partition: int, scope: Scope) -> None:
        """Fold every event that counts; memory is bounded by a few batches and `PENDING`."""
        catalogue = _only(self.catalogue, scope.kpis)
        compiled, cities = compile_measures(catalogue), self.history.cities
        pending, read = Folded({}, {}, {}), 0
        async for stored in self.history.read(connection, partition, *_event_times(catalogue, scope)):
            mine = [event for event in stored.events if event.identity.city in scope.cities]
            counting = await _counting(connection, stored.event_class, mine)
            corrections.gather(pending, fold(counting, compiled, cities, stored.stored_at))
            if len(pending.parts) + len(pending.bins) + len(pending.entries) > PENDING:
                await additions.add(connection, pending, partition, cities, self.now)
                pending = Folded({}, {}, {})
            read += len(stored.events)
            self.progress(partition, read)
        await additions.add(connection, pending, partition, cities, self.now)


def _event_times(catalogue: Catalogue, scope: Scope) -> tuple[datetime, datetime]:
    """Between which times events may have been added to the scope's buckets."""
    parts = [part for kpi in kpis_of(catalogue) for _, part in kpi.measure.parts()]
    terms = [term for part in parts for term in (*part.numerator, *part.denominator, *part.base)]
    by_time = all(term.at == "time" for term in terms)
    return (scope.begin - LONGEST_BUCKET, scope.end + LONGEST_BUCKET) if by_time else EVER


async def _counting(connection: AsyncConnection, event_class: EventClass, events: Sequence[Decoded]) -> list[Decoded]:
    """Those that no stored event supersedes."""
    if not events:
        return []
    gone = await corrections.superseded(connection, event_class, [event.key for event in events])
    return [event for event in events if event.key not in gone]


def _only(catalogue: Catalogue, kpis: frozenset[str]) -> Catalogue:
    """The catalogue with no KPI but these."""
    initiatives = tuple(
        initiative.model_copy(update={"kpis": tuple(kpi for kpi in initiative.kpis if kpi.code in kpis)})
        for initiative in catalogue.initiatives
    )
    return catalogue.model_copy(update={"initiatives": initiatives})
