"""Bins of durations in the database: added to tier by tier, in key order, and read back over windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.snapshot import Window
from schemas.tables import Tier
from services.scorer.parts import TIERS
from services.scorer.tiers import KEPT, bucket_of, cover
from services.scorer.types import BinKey, Bins, City

_MOMENT: Final = sa.DateTime(timezone=True)


def _add(tier: Tier) -> sa.TextClause:
    table = f"bin_{tier}"
    return sa.text(f"""
        INSERT INTO {table} (city, kpi, bucket, partition, bin, count)
        SELECT city, kpi, bucket, :partition, bin, count
        FROM unnest(:city, :kpi, :bucket, :bin, :count) AS added(city, kpi, bucket, bin, count)
        ON CONFLICT (city, kpi, bucket, bin, partition) DO UPDATE SET count = {table}.count + excluded.count
    """).bindparams(  # noqa: S608  # the tier's own table name
        sa.bindparam("city", type_=ARRAY(sa.Text())),
        sa.bindparam("kpi", type_=ARRAY(sa.Text())),
        sa.bindparam("bucket", type_=ARRAY(_MOMENT)),
        sa.bindparam("bin", type_=ARRAY(sa.SmallInteger())),
        sa.bindparam("count", type_=ARRAY(sa.BigInteger())),
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


async def add(
    connection: AsyncConnection, minutes: Bins, partition: int, cities: Mapping[str, City], now: datetime
) -> None:
    """Add the bins of a batch to every tier that keeps their time."""
    for tier in TIERS:
        rows = sorted(rolled_up(minutes, tier, cities, now).items())
        if rows:
            columns = zip(*((*key, count) for key, count in rows), strict=True)
            values = dict(zip(("city", "kpi", "bucket", "bin", "count"), map(list, columns), strict=True))
            await connection.execute(_ADD[tier], {"partition": partition, **values})


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
