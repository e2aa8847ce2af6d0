"""Bins of durations in the database: added to tier by tier, in key order, and read back over windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.parts import TIERS
from services.scorer.tiers import Buckets, cover
from services.scorer.types import BinKey, Bins, City
from services.scorer.writes import Bound, Write

_Piece = tuple[int, datetime, datetime]
"""Of a window, by its number: what one tier covers."""
_MOMENT: Final = sa.DateTime(timezone=True)


def _add(tier: Tier) -> Write:
    table = f"bin_{tier}"
    return Write(
        table,
        {"city": sa.Text(), "kpi": sa.Text(), "bucket": _MOMENT, "bin": sa.SmallInteger(), "count": sa.BigInteger()},
        f"""
        INSERT INTO {table} (city, kpi, bucket, partition, bin, count)
        SELECT city, kpi, bucket, :partition, bin, count
        FROM unnest(:{table}_city, :{table}_kpi, :{table}_bucket, :{table}_bin, :{table}_count)
          AS added(city, kpi, bucket, bin, count)
        ON CONFLICT (city, kpi, bucket, bin, partition) DO UPDATE SET count = {table}.count + excluded.count
        """,  # noqa: S608  # the tier's own table name
    )


def _sum(tier: Tier) -> sa.TextClause:
    # Windows overlap (a year, its quarter, its month): every bucket is read once, in the one segment that it lies in.
    # The outer bounds are constants to the planner, so that it leaves out chunks of other years.
    return sa.text(f"""
        WITH segment AS MATERIALIZED (
          SELECT s.begin, b.bin, sum(b.count) AS count
          FROM unnest(:since, :until) AS s(begin, "end")
          JOIN bin_{tier} b ON b.city = :city AND b.kpi = :kpi AND b.bucket >= s.begin AND b.bucket < s."end"
          WHERE b.bucket >= :first AND b.bucket < :last GROUP BY s.begin, b.bin
        )
        SELECT w.number, s.bin, sum(s.count)::bigint AS count
        FROM unnest(:number, :begin, :end) AS w(number, begin, "end")
        JOIN segment s ON s.begin >= w.begin AND s.begin < w."end" GROUP BY w.number, s.bin
    """).bindparams(  # noqa: S608  # the tier's own table name
        sa.bindparam("number", type_=ARRAY(sa.Integer())),
        *(sa.bindparam(name, type_=ARRAY(_MOMENT)) for name in ("begin", "end", "since", "until")),
        *(sa.bindparam(name, type_=_MOMENT) for name in ("first", "last")),
    )


_ADD: Final = {tier: _add(tier) for tier in TIERS}
_SUM: Final = {tier: _sum(tier) for tier in TIERS}


def added(minutes: Bins, cities: Mapping[str, City], now: datetime) -> Iterator[Bound]:
    """The bins of a batch, in every tier that keeps their time."""
    for tier in TIERS:
        rolled = rolled_up(minutes, tier, cities, now)
        yield _ADD[tier].of([(*key, count) for key, count in sorted(rolled.items())])


def rolled_up(minutes: Bins, tier: Tier, cities: Mapping[str, City], now: datetime) -> Bins:
    """The same counts in the buckets of a tier, without those so old that the tier does not keep them."""
    buckets = Buckets(tier, {code: city.timezone for code, city in cities.items()}, now)
    total: Bins = {}
    for (city, kpi, minute, number), count in minutes.items():
        if bucket := buckets[city, minute]:
            key = BinKey(city, kpi, bucket, number)
            total[key] = total.get(key, 0) + count
    return total


async def read(connection: AsyncConnection, city: City, kpi: str, windows: Sequence[Window]) -> list[dict[int, int]]:
    """Counts per bin over each window, all partitions together; for `histogram.percentile`."""
    totals: list[Counter[int]] = [Counter() for _ in windows]
    for tier, pieces in _by_tier(city, windows).items():
        numbers, begins, ends = map(list, zip(*pieces, strict=True))
        since, until = map(list, zip(*_segments(pieces), strict=True))
        where = {"city": city.code, "kpi": kpi, "number": numbers, "begin": begins, "end": ends}
        where |= {"since": since, "until": until, "first": min(begins), "last": max(ends)}
        for row in await connection.execute(_SUM[tier], where):
            totals[row.number][row.bin] += row[2]
    return [dict(total) for total in totals]


def _by_tier(city: City, windows: Sequence[Window]) -> dict[Tier, list[_Piece]]:
    pieces: dict[Tier, list[_Piece]] = {}
    for number, window in enumerate(windows):
        for tier, begin, end in cover(window, city.timezone):
            pieces.setdefault(tier, []).append((number, begin, end))
    return pieces


def _segments(pieces: Sequence[_Piece]) -> Iterator[tuple[datetime, datetime]]:
    """What the pieces cover, cut at all of their bounds, so that none overlaps another."""
    bounds = sorted({bound for _, *both in pieces for bound in both})
    for begin, end in pairwise(bounds):
        if any(since <= begin < until for _, since, until in pieces):
            yield begin, end
