"""A long past, written straight into the tables: every KPI in every bucket that its tier still keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.retention import PARTS_KEPT, SCORES_KEPT
from schemas.tables import Tier, cityscores, parts
from services.scorer.tiers import day_of, hour_of, minute_of

AT_ONCE: Final = 8
"""KPIs in a statement, which may take a minute."""

_PARTS: Final = """
    INSERT INTO part_{tier} (city, kpi, component, district, bucket, partition, numerator, denominator, count)
    SELECT :city, kpi, '', district, bucket, partition, 30 + abs(hashtext(kpi)) % 20, 50, 50
    FROM generate_series(:begin, :end, CAST(:step AS interval)) AS b(bucket)
    CROSS JOIN unnest(CAST(:kpis AS text[])) AS k(kpi)
    CROSS JOIN unnest(CAST(:districts AS text[])) AS d(district)
    CROSS JOIN generate_series(0, :partitions - 1) AS p(partition)
    ON CONFLICT DO NOTHING
"""
_ACTIVITY: Final = """
    INSERT INTO source_activity (city, system, bucket, partition, events, newest)
    SELECT :city, system, bucket, 0, 100, bucket + interval '59 minutes'
    FROM generate_series(:begin, :end, interval '1 hour') AS b(bucket)
    CROSS JOIN unnest(CAST(:systems AS text[])) AS s(system) ON CONFLICT DO NOTHING
"""
_MARKS: Final = """
    INSERT INTO kpi_mark (city, kpi, partition, revision, day) SELECT :city, kpi, 0, 1, :day
    FROM unnest(CAST(:kpis AS text[])) AS k(kpi) ON CONFLICT (city, kpi, partition) DO UPDATE
    SET revision = kpi_mark.revision + 1, day = greatest(kpi_mark.day, excluded.day)
"""
_SCORES: Final = """
    INSERT INTO {table} (city, computed_at, revision, catalogue_hash, index, lower, upper, coverage, snapshot)
    SELECT city, bucket, revision, snapshot->'catalogue'->>'hash', 60, 50, 70, 0.8, snapshot
    FROM cityscore_current CROSS JOIN generate_series(:begin, :end, CAST(:step AS interval)) AS b(bucket)
    WHERE city = :city ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Past:
    """What a city looks like."""

    city: str
    timezone: str
    kpis: Sequence[str]
    systems: Sequence[str]
    districts: Sequence[str]
    partitions: int

    async def write(self, engine: AsyncEngine, days: int, now: datetime) -> None:
        """So many days up to now, and a mark on every KPI; what is there already stays."""
        begin = now - timedelta(days=days)
        async with engine.begin() as connection:
            for tier in parts:
                await self._write_parts(connection, tier, begin, now)
            await connection.execute(
                sa.text(_ACTIVITY),
                {"city": self.city, "systems": list(self.systems), "begin": hour_of(begin), "end": now},
            )
            await mark(connection, self.city, self.kpis, day_of(now, self.timezone))

    async def write_scores(self, engine: AsyncEngine, days: int, now: datetime) -> None:
        """The current snapshot again as the score of every minute, hour and day that is kept."""
        async with engine.begin() as connection:
            for tier, table in cityscores.items():
                first = _kept_from(SCORES_KEPT[tier], now - timedelta(days=days), now)
                await connection.execute(
                    sa.text(_SCORES.format(table=table.name)),
                    {"city": self.city, "begin": _bucket(tier, first, "UTC"), "end": now, "step": _step(tier)},
                )

    async def _write_parts(self, connection: AsyncConnection, tier: Tier, begin: datetime, now: datetime) -> None:
        first = _kept_from(PARTS_KEPT[tier], begin, now)
        values = {
            "city": self.city,
            "begin": _bucket(tier, first, self.timezone),
            "end": now,
            "step": _step(tier),
            "districts": list(self.districts),
            "partitions": self.partitions,
        }
        for place in range(0, len(self.kpis), AT_ONCE):
            kpis = list(self.kpis[place : place + AT_ONCE])
            await connection.execute(sa.text(_PARTS.format(tier=tier)), {**values, "kpis": kpis})


async def mark(connection: AsyncConnection, city: str, kpis: Sequence[str], day: datetime) -> None:
    """As if a batch had added to these KPIs on the running day, which began then."""
    await connection.execute(sa.text(_MARKS), {"city": city, "kpis": list(kpis), "day": day})


def _kept_from(kept: timedelta | None, begin: datetime, now: datetime) -> datetime:
    return max(begin, now - kept) if kept else begin


def _step(tier: Tier) -> timedelta:
    return {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}[tier]


def _bucket(tier: Tier, moment: datetime, timezone: str) -> datetime:
    if tier == "day":
        return day_of(moment, timezone)
    return hour_of(moment) if tier == "hour" else minute_of(moment)
