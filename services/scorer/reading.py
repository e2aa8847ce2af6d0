"""Reading windows back: sums of parts, and when sources last reported. What is read depends on the window, not on the
length of the history behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import add
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.kinds import Sums
from services.scorer.parts import TIERS
from services.scorer.tiers import LENGTH, cover
from services.scorer.types import City
from services.scorer.values import STALE_PERIODS

LONGEST: Final = max(LENGTH.values()) * STALE_PERIODS
"""A source that is silent for longer has nothing to say about any KPI."""

_MOMENTS: Final = ARRAY(sa.DateTime(timezone=True))


def _sum(tier: Tier) -> sa.TextClause:
    # The outer bounds are constants to the planner, so that it leaves out chunks of other years.
    return sa.text(f"""
        SELECT w.number, p.component, sum(p.numerator)::bigint, sum(p.denominator)::bigint, sum(p.count)::bigint
        FROM unnest(:number, :kpi, :begin, :end) AS w(number, kpi, begin, "end")
        JOIN part_{tier} p ON p.city = :city AND p.kpi = w.kpi AND p.bucket >= w.begin AND p.bucket < w."end"
        WHERE p.bucket >= :first AND p.bucket < :last
        GROUP BY w.number, p.component
    """).bindparams(  # noqa: S608  # the tier's own table name
        sa.bindparam("number", type_=ARRAY(sa.Integer())),
        sa.bindparam("kpi", type_=ARRAY(sa.Text())),
        sa.bindparam("begin", type_=_MOMENTS),
        sa.bindparam("end", type_=_MOMENTS),
        sa.bindparam("first", type_=sa.DateTime(timezone=True)),
        sa.bindparam("last", type_=sa.DateTime(timezone=True)),
    )


_SUM: Final = {tier: _sum(tier) for tier in TIERS}

# From one system to the next through the primary key: SELECT DISTINCT would read the whole history.
_SYSTEMS: Final = """
    WITH RECURSIVE system(name) AS (
      (SELECT system FROM source_activity WHERE city = :city ORDER BY system LIMIT 1)
      UNION ALL
      SELECT (SELECT a.system FROM source_activity a WHERE a.city = :city AND a.system > s.name
              ORDER BY a.system LIMIT 1)
      FROM system s WHERE s.name IS NOT NULL
    )
"""

_NEWEST: Final = sa.text(f"""
    {_SYSTEMS}
    SELECT m.at, s.name, (
      SELECT max(a.newest) FROM source_activity a WHERE a.city = :city AND a.system = s.name AND a.bucket = (
        SELECT b.bucket FROM source_activity b
        WHERE b.city = :city AND b.system = s.name AND b.bucket < m.at AND b.bucket >= m.at - :longest
        ORDER BY b.bucket DESC LIMIT 1))
    FROM unnest(:at) AS m(at) CROSS JOIN system s WHERE s.name IS NOT NULL
""").bindparams(sa.bindparam("at", type_=_MOMENTS), sa.bindparam("longest", type_=sa.Interval()))  # noqa: S608

_FIRST: Final = sa.text(f"""
    {_SYSTEMS}
    SELECT s.name, (
      SELECT a.bucket FROM source_activity a WHERE a.city = :city AND a.system = s.name ORDER BY a.bucket LIMIT 1)
    FROM system s WHERE s.name IS NOT NULL
""")  # noqa: S608

# Slice by slice through the primary key: a year has 365 days to look into, and 8,760 hours per partition to count.
_REPORTED: Final = sa.text("""
    SELECT w.number, (
      SELECT count(*) FROM generate_series(w.begin, w."end" - interval '1 microsecond', w.slice) AS b(begin)
      WHERE EXISTS (
        SELECT FROM source_activity a WHERE a.city = :city AND a.system = w.system
          AND a.bucket >= b.begin AND a.bucket < least(b.begin + w.slice, w."end")))
    FROM unnest(:number, :system, :begin, :end, :slice) AS w(number, system, begin, "end", slice)
""").bindparams(
    sa.bindparam("number", type_=ARRAY(sa.Integer())),
    sa.bindparam("system", type_=ARRAY(sa.Text())),
    sa.bindparam("begin", type_=_MOMENTS),
    sa.bindparam("end", type_=_MOMENTS),
    sa.bindparam("slice", type_=ARRAY(sa.Interval())),
)


class Cut(NamedTuple):
    """A KPI in buckets of one tier with begin <= bucket < end."""

    kpi: str
    tier: Tier
    begin: datetime
    end: datetime


def cuts(city: City, asked: Iterable[tuple[str, Window]]) -> list[list[Cut]]:
    """What each KPI's window is made of. Pure."""
    return [[Cut(kpi, *piece) for piece in cover(window, city.timezone)] for kpi, window in asked]


def together(sums: Iterable[Mapping[str, Sums]]) -> dict[str, Sums]:
    """Sums by component, added up. Pure."""
    total: dict[str, Sums] = {}
    for one in sums:
        for component, added in one.items():
            known = total.get(component)
            total[component] = added if known is None else Sums(*map(add, known, added))
    return total


async def parts(connection: AsyncConnection, city: City, asked: Collection[Cut]) -> dict[Cut, dict[str, Sums]]:
    """Sums of all partitions and districts, by component; one statement per tier."""
    total: dict[Cut, dict[str, Sums]] = {cut: {} for cut in asked}
    for tier in TIERS:
        if of_tier := [cut for cut in total if cut.tier == tier]:
            for number, component, *sums in await connection.execute(_SUM[tier], _where(city, of_tier)):
                total[of_tier[number]][component] = Sums(*sums)
    return total


def _where(city: City, asked: Sequence[Cut]) -> dict[str, object]:
    return {
        "city": city.code,
        "number": list(range(len(asked))),
        "kpi": [cut.kpi for cut in asked],
        "begin": [cut.begin for cut in asked],
        "end": [cut.end for cut in asked],
        "first": min(cut.begin for cut in asked),
        "last": max(cut.end for cut in asked),
    }


async def newest(
    connection: AsyncConnection, city: str, moments: Collection[datetime]
) -> dict[datetime, dict[str, datetime]]:
    """Event time of the newest data per system, as seen at each moment; a system silent for two years is absent."""
    found: dict[datetime, dict[str, datetime]] = {at: {} for at in moments}
    rows = await connection.execute(_NEWEST, {"city": city, "at": list(found), "longest": LONGEST})
    for at, system, time in rows:
        if time is not None:
            found[at][system] = time
    return found


async def first(connection: AsyncConnection, city: str) -> dict[str, datetime]:
    """Hour of event time of the oldest data per system: before it the state cannot tell anything."""
    rows = await connection.execute(_FIRST, {"city": city})
    return {row[0]: row[1] for row in rows}


async def reported(
    connection: AsyncConnection, city: str, asked: Collection[tuple[Window, str]]
) -> dict[Window, dict[str, float]]:
    """Share of each window's hours (up to a week) or days in which a system reported, 0…1."""
    pairs = list(dict.fromkeys(asked))
    slices = [timedelta(hours=1) if w.end - w.begin <= timedelta(days=7) else timedelta(days=1) for w, _ in pairs]
    where = {
        "city": city,
        "number": list(range(len(pairs))),
        "system": [system for _, system in pairs],
        "begin": [window.begin.replace(minute=0, second=0) for window, _ in pairs],
        "end": [window.end for window, _ in pairs],
        "slice": slices,
    }
    shares: dict[Window, dict[str, float]] = {window: {} for window, _ in pairs}
    for number, count in await connection.execute(_REPORTED, where) if pairs else ():
        window, system = pairs[number]
        wanted = max(1, (window.end - window.begin) // slices[number])
        shares[window][system] = min(1.0, count / wanted)
    return shares
