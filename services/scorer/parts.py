"""Adding parts to the database, tier by tier, in key order so that nobody waits in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import Tier
from services.scorer.tiers import roll_up
from services.scorer.types import City, Parts

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)


def _array(name: str, kind: sa.types.TypeEngine[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=ARRAY(kind))


def _add(tier: Tier) -> sa.TextClause:
    table = f"part_{tier}"
    return sa.text(f"""
        INSERT INTO {table} (city, kpi, component, district, bucket, partition, numerator, denominator, count)
        SELECT city, kpi, component, district, bucket, :partition, numerator, denominator, events
        FROM unnest(:city, :kpi, :component, :district, :bucket, :numerator, :denominator, :events)
          AS added(city, kpi, component, district, bucket, numerator, denominator, events)
        ON CONFLICT (city, kpi, bucket, component, district, partition) DO UPDATE
        SET numerator = {table}.numerator + excluded.numerator,
            denominator = {table}.denominator + excluded.denominator,
            count = {table}.count + excluded.count
    """).bindparams(  # noqa: S608  # the tier's own table name
        *(_array(name, sa.Text()) for name in ("city", "kpi", "component", "district")),
        _array("bucket", sa.DateTime(timezone=True)),
        *(_array(name, sa.BigInteger()) for name in ("numerator", "denominator", "events")),
    )


_ADD: Final = {tier: _add(tier) for tier in TIERS}

_MARK: Final = sa.text("""
    INSERT INTO kpi_mark (city, kpi, partition, revision)
    SELECT city, kpi, :partition, 1 FROM unnest(:city, :kpi) AS changed(city, kpi)
    ON CONFLICT (city, kpi, partition) DO UPDATE SET revision = kpi_mark.revision + 1
""").bindparams(_array("city", sa.Text()), _array("kpi", sa.Text()))


async def add(
    connection: AsyncConnection, minutes: Parts, partition: int, cities: Mapping[str, City], now: datetime
) -> None:
    """Add the parts of a batch to every tier that keeps their time."""
    timezones = {code: city.timezone for code, city in cities.items()}
    for tier in TIERS:
        rolled = sorted(roll_up(minutes, tier, timezones, now).items())
        if rolled:
            keys, sums = zip(*rolled, strict=True)
            columns = zip(*keys, strict=True), zip(*sums, strict=True)
            names = ("city", "kpi", "component", "district", "bucket", "numerator", "denominator", "events")
            values = (list(column) for group in columns for column in group)
            await connection.execute(_ADD[tier], {"partition": partition, **dict(zip(names, values, strict=True))})


async def mark(connection: AsyncConnection, changed: Iterable[tuple[str, str]], partition: int) -> None:
    """Give every changed (city, KPI) a new revision."""
    in_order = sorted(changed)
    if in_order:
        city, kpi = map(list, zip(*in_order, strict=True))
        await connection.execute(_MARK, {"partition": partition, "city": city, "kpi": kpi})
