"""Marks: what was added to lately, per city, KPI and partition, so that readers read again only what has changed.

A mark says two things, both under the lock of its row: how often anything was added (`revision`), and how often to a
bucket before `day`, the newest day that was ever running when something was added (`past`). So whoever has seen a
`day` that is not before the end of a window sees by `past` alone whether that window still stands as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer.tiers import day_of
from services.scorer.types import City, Folded
from services.scorer.writes import Bound, Write

_MOMENT: Final = sa.DateTime(timezone=True)

_MARK: Final = Write(
    "kpi_mark",
    {"city": sa.Text(), "kpi": sa.Text(), "day": _MOMENT, "oldest": _MOMENT},
    """
    INSERT INTO kpi_mark (city, kpi, partition, revision, past, day, oldest)
    SELECT city, kpi, :partition, 1, 0, day, oldest
    FROM unnest(:kpi_mark_city, :kpi_mark_kpi, :kpi_mark_day, :kpi_mark_oldest) AS changed(city, kpi, day, oldest)
    ON CONFLICT (city, kpi, partition) DO UPDATE
    SET revision = kpi_mark.revision + 1,
        past = kpi_mark.past + coalesce(excluded.oldest < kpi_mark.day, false)::int,
        day = greatest(kpi_mark.day, excluded.day),
        oldest = excluded.oldest
    """,
)

ALL: Final = sa.text("""
    INSERT INTO public.kpi_mark (city, kpi, partition, revision, past) VALUES (:city, :kpi, :partition, 1, 1)
    ON CONFLICT (city, kpi, partition) DO UPDATE SET revision = kpi_mark.revision + 1, past = kpi_mark.past + 1
""")
"""Anything may have changed, whatever its age."""

_READ: Final = sa.text("SELECT kpi, partition, revision, past, day FROM kpi_mark WHERE city = :city ORDER BY 1, 2")

State = tuple[tuple[int, bool, int], ...]
"""Per partition what a window stands and falls with: additions to the past, or all of them."""


class Mark(NamedTuple):
    """What one partition has added to a KPI."""

    partition: int
    revision: int
    past: int
    day: datetime | None


class Marks(tuple[Mark, ...]):
    """Those of all partitions, in order."""

    __slots__ = ()

    @property
    def revision(self) -> int:
        """Grows with every committed batch that changed the KPI."""
        return sum(mark.revision for mark in self)

    def state(self, end: datetime) -> State:
        """Two equal states: nothing was added before `end` between them."""
        return tuple(
            (mark.partition, True, mark.past)
            if mark.day is not None and end <= mark.day
            else (mark.partition, False, mark.revision)
            for mark in self
        )


def marked(folded: Folded, cities: Mapping[str, City], now: datetime) -> Bound:
    """A new revision for every changed (city, KPI)."""
    oldest: dict[tuple[str, str], datetime] = {}
    for key in folded.parts:
        known = oldest.get(key[:2])
        if known is None or key.bucket < known:
            oldest[key[:2]] = key.bucket
    days = {code: day_of(now, cities[code].timezone) for code in {city for city, _ in folded.changed()}}
    return _MARK.of([(city, kpi, days[city], oldest.get((city, kpi))) for city, kpi in sorted(folded.changed())])


async def read(connection: AsyncConnection, city: str) -> dict[str, Marks]:
    """By KPI; what nothing was ever added to is absent."""
    found: dict[str, list[Mark]] = {}
    for kpi, *mark in await connection.execute(_READ, {"city": city}):
        found.setdefault(kpi, []).append(Mark(*mark))
    return {kpi: Marks(marks) for kpi, marks in found.items()}
