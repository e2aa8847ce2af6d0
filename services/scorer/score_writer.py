"""One writer per city and tick stores the CityScore: windows slide and sources fall silent without any event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue, Category
from schemas.snapshot import Snapshot
from schemas.tables import Tier
from services.cityscore.rubric import Rubrics
from services.runtime import locks
from services.runtime.clock import Clock
from services.runtime.database import DATABASE_ERRORS
from services.runtime.metrics import Metrics
from services.scorer import snapshots
from services.scorer.apart import apart
from services.scorer.cities import load_cities
from services.scorer.measuring import Measuring
from services.scorer.tiers import hour_of, minute_of
from services.scorer.types import City

log = logging.getLogger(__name__)

WRITER_LOCK: Final = 0x53434F52
"""First half of the advisory lock; the second is the city's hash."""


class ScoreWriter:
    """Computes and stores the snapshot of a city when it changed, and at a fixed cadence."""

    def __init__(self, engine: AsyncEngine, catalogue: Catalogue, clock: Clock, metrics: Metrics) -> None:
        self._engine = engine
        self._catalogue = catalogue
        self._rubrics = Rubrics(catalogue)
        self._clock = clock
        self._metrics = metrics
        self._measuring = Measuring(catalogue)

    async def run(
        self, stop: asyncio.Event, notices: asyncio.Queue[str], *, cadence: timedelta, pause: timedelta
    ) -> None:
        """Score cities as notices come, and all of them once per cadence, until `stop` is set.

        The first notice after a quiet time is answered at once; under load there is a `pause` between two rounds, in
        which notices gather.
        """
        # Not the wall clock: that may be set back, and the next score would be a day away.
        elapsed = asyncio.get_running_loop().time
        due = quiet_until = elapsed()
        while not stop.is_set():
            changed = await _gather(notices, due - elapsed(), lambda until=quiet_until: until - elapsed())  # type: ignore[misc]
            unsure = "" in changed  # notices may have been missed
            everyone = unsure or elapsed() >= due
            quiet_until = elapsed() + pause.total_seconds()
            try:
                async with self._engine.connect() as connection:
                    cities = await load_cities(connection)
                for code in sorted(cities if everyone else changed & cities.keys()):
                    may_have_changed = unsure or code in changed
                    with apart(code, "score", self._metrics):
                        await self.score(cities[code], newer_than=None if may_have_changed else cadence / 2)
            except DATABASE_ERRORS as error:
                log.warning("score not stored, trying again", extra={"reason": str(error)[:300]})
                notices.put_nowait("")
                await asyncio.sleep(0.5)
                continue
            if everyone:
                due = elapsed() + cadence.total_seconds()

    async def score(self, city: City, *, newer_than: timedelta | None = None) -> Snapshot | None:
        """Store one city's snapshot.

        `newer_than` leaves the tick out when another writer stored one that recently; a change is never left out.
        """
        with self._metrics.histogram("ahual_scorer_tick_seconds").time():
            async with (
                locks.sole(self._engine, WRITER_LOCK, city.code) as connection,
                locks.snapshot(connection),
            ):
                now = self._clock()
                current = await self._current(connection, city.code)
                # A score of the future is that of a clock that was wrong.
                if current and newer_than and timedelta(0) <= now - current.computed_at < newer_than:
                    return None
                measured = await self._measuring.measure(connection, city, now)
                rubric = self._rubrics.of(Category(city.category))
                revision = current.revision + 1 if current else 1
                snapshot = snapshots.build(self._catalogue, rubric, city, measured, revision, now)
                if current:
                    await _keep(connection, city.code, current.computed_at, now)
                await _store(connection, snapshot)
        self._show(snapshot)
        return snapshot

    async def _current(self, connection: AsyncConnection, city: str) -> Any:
        columns = tables.cityscore_current.c
        query = sa.select(columns.revision, columns.computed_at).where(columns.city == city)
        return (await connection.execute(query)).one_or_none()

    def _show(self, snapshot: Snapshot) -> None:
        if snapshot.index is not None:
            self._metrics.gauge("ahual_cityscore_index").labels(snapshot.city).set(snapshot.index)
        self._metrics.gauge("ahual_cityscore_coverage_ratio").labels(snapshot.city).set(snapshot.coverage)


async def _gather(notices: asyncio.Queue[str], wait_s: float, quiet_s: Callable[[], float]) -> set[str]:
    """Cities of the notices that come until the quiet time is over; none if none comes within `wait_s`."""
    try:
        async with asyncio.timeout(max(0.0, wait_s)):
            changed = {await notices.get()}
    except TimeoutError:
        return set()
    await asyncio.sleep(max(0.0, quiet_s()))
    while not notices.empty():
        changed.add(notices.get_nowait())
    return changed


async def _store(connection: AsyncConnection, snapshot: Snapshot) -> None:
    """The current snapshot, and the notice that wakes the live streams."""
    current = {
        "city": snapshot.city,
        "revision": snapshot.revision,
        "computed_at": snapshot.computed_at,
        "snapshot": snapshot.model_dump(mode="json"),
    }
    upsert = insert(tables.cityscore_current).values(current)
    replaced = {name: upsert.excluded[name] for name in current if name != "city"}
    await connection.execute(upsert.on_conflict_do_update(index_elements=["city"], set_=replaced))
    payload = f"{snapshot.city}:{snapshot.revision}"
    await connection.execute(
        sa.text("SELECT pg_notify(:channel, :payload)"), {"channel": tables.CHANNEL_CITYSCORE, "payload": payload}
    )


async def _keep(connection: AsyncConnection, city: str, before: datetime, now: datetime) -> None:
    """Move what stands into the history of every granule that is over, so that it says how each of them ended."""
    for tier, begin_of in _GRANULES.items():
        if begin_of(before) != begin_of(now):
            await connection.execute(_KEEP[tier], {"city": city})


_GRANULES: Final[dict[Tier, Callable[[datetime], datetime]]] = {
    "minute": minute_of,
    "hour": hour_of,
    "day": lambda moment: hour_of(moment).replace(hour=0),
}
_FIGURES: Final = ("index", "lower", "upper", "coverage", "total")
_KEEP: Final = {
    tier: sa.text(f"""
        INSERT INTO {table.name} (city, computed_at, revision, catalogue_hash, {", ".join(_FIGURES)}, rating, snapshot)
        SELECT city, computed_at, revision, snapshot #>> '{{catalogue,hash}}',
               {", ".join(f"(snapshot ->> '{name}')::float" for name in _FIGURES)}, snapshot ->> 'rating', snapshot
        FROM cityscore_current WHERE city = :city
        ON CONFLICT (city, computed_at) DO NOTHING
    """)  # noqa: S608  # our own table and column names
    for tier, table in tables.cityscores.items()
}
