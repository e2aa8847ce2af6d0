"""Reading windows back: sums of parts, and when sources last reported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.parts import TIERS
from services.scorer.tiers import cover
from services.scorer.types import City
from services.scorer.values import Sums

_MOMENTS: Final = ARRAY(sa.DateTime(timezone=True))


def _sum(tier: Tier) -> sa.TextClause:
    # The outer bounds are constants to the planner, so that it leaves out chunks of other years.
    return sa.text(f"""
        SELECT w.kpi, sum(p.numerator)::bigint, sum(p.denominator)::bigint, sum(p.count)::bigint
        FROM unnest(:kpi, :begin, :end) AS w(kpi, begin, "end")
        JOIN part_{tier} p ON p.city = :city AND p.kpi = w.kpi AND p.bucket >= w.begin AND p.bucket < w."end"
        WHERE p.bucket >= :first AND p.bucket < :last
        GROUP BY w.kpi
    """).bindparams(  # noqa: S608  # the tier's own table name
        sa.bindparam("kpi", type_=ARRAY(sa.Text())),
        sa.bindparam("begin", type_=_MOMENTS),
        sa.bindparam("end", type_=_MOMENTS),
        sa.bindparam("first", type_=sa.DateTime(timezone=True)),
        sa.bindparam("last", type_=sa.DateTime(timezone=True)),
    )


_SUM: Final = {tier: _sum(tier) for tier in TIERS}

_REVISIONS: Final = sa.text(
    "SELECT kpi, sum(revision)::bigint AS revision FROM kpi_mark WHERE city = :city GROUP BY kpi"
)

_NEWEST: Final = sa.text("""
    SELECT system, max(newest) AS newest FROM source_activity WHERE city = :city AND bucket >= :since GROUP BY system
""")

_REPORTED: Final = sa.text("""
    SELECT system, count(DISTINCT date_bin(:slice, bucket, :begin)) AS slices
    FROM source_activity WHERE city = :city AND bucket >= :begin AND bucket < :end GROUP BY system
""").bindparams(sa.bindparam("slice", type_=sa.Interval()), sa.bindparam("begin", type_=sa.DateTime(timezone=True)))


async def sums(connection: AsyncConnection, city: City, windows: Mapping[str, Window]) -> dict[str, Sums]:
    """Sums of all partitions and districts per KPI over its window; a KPI without parts is absent."""
    total: dict[str, Sums] = {}
    for tier, pieces in _by_tier(city, windows).items():
        kpis, begins, ends = map(list, zip(*pieces, strict=True))
        rows = await connection.execute(
            _SUM[tier],
            {"city": city.code, "kpi": kpis, "begin": begins, "end": ends, "first": min(begins), "last": max(ends)},
        )
        for kpi, *added in rows:
            total[kpi] = Sums(*(a + b for a, b in zip(total.get(kpi, Sums()), added, strict=True)))
    return total


def _by_tier(city: City, windows: Mapping[str, Window]) -> dict[Tier, list[tuple[str, datetime, datetime]]]:
    pieces: dict[Tier, list[tuple[str, datetime, datetime]]] = {}
    for kpi, window in windows.items():
        for tier, begin, end in cover(window, city.timezone):
            pieces.setdefault(tier, []).append((kpi, begin, end))
    return pieces


async def revisions(connection: AsyncConnection, city: str) -> dict[str, int]:
    """A number per KPI that grows with every committed batch that changed it."""
    return {row.kpi: row.revision for row in await connection.execute(_REVISIONS, {"city": city})}


async def newest(connection: AsyncConnection, city: str, since: datetime) -> dict[str, datetime]:
    """Event time of the newest data per system."""
    rows = await connection.execute(_NEWEST, {"city": city, "since": since})
    return {row.system: row.newest for row in rows}


async def reported(connection: AsyncConnection, city: str, window: Window, systems: Iterable[str]) -> float:
    """Share of the window's hours (up to a week) or days in which every one of the systems reported, 0…1."""
    length = window.end - window.begin
    span = timedelta(hours=1) if length <= timedelta(days=7) else timedelta(days=1)
    begin = window.begin.replace(minute=0, second=0)
    rows = await connection.execute(_REPORTED, {"city": city, "slice": span, "begin": begin, "end": window.end})
    slices = {row.system: row.slices for row in rows}
    wanted = max(1, length // span)
    return min((min(1.0, slices.get(system, 0) / wanted) for system in systems), default=1.0)
