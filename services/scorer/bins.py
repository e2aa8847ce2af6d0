"""Bins of durations in the database: added to tier by tier, in key order, and read back over windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.parts import TIERS
from services.scorer.tiers import KEPT, bucket_of, cover
from services.scorer.types import BinKey, Bins, City
from services.scorer.writes import Bound, Write

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
    return sa.text(f"""
        SELECT bin, sum(count)::bigint AS count FROM bin_{tier}
        WHERE city = :city AND kpi = :kpi AND bucket >= :begin AND bucket < :end GROUP BY bin
    """).bindparams(  # noqa: S608  # the tier's own table name
        sa.bindparam("begin", type_=_MOMENT), sa.bindparam("end", type_=_MOMENT)
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
    kept = KEPT[tier]
    oldest = now - kept if kept else None
    total: Bins = {}
    for (city, kpi, minute, number), count in minutes.items():
        bucket = bucket_of(tier, minute, cities[city].timezone)
        if oldest is None or bucket >= oldest:
            key = BinKey(city, kpi, bucket, number)
            total[key] = total.get(key, 0) + count
    return total


async def read(connection: AsyncConnection, city: City, kpi: str, window: Window) -> dict[int, int]:
    """Counts per bin over a window, all partitions together; for `histogram.percentile`."""
    total: Counter[int] = Counter()
    for tier, begin, end in cover(window, city.timezone):
        where = {"city": city.code, "kpi": kpi, "begin": begin, "end": end}
        for row in await connection.execute(_SUM[tier], where):
            total[row.bin] += row[1]
    return dict(total)
