"""Parts in the database: added to tier by tier, in key order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, get_args

import sqlalchemy as sa

from schemas.tables import Tier
from services.scorer.tiers import roll_up
from services.scorer.types import City, Parts
from services.scorer.writes import Bound, Write

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)


def _add(tier: Tier) -> Write:
    table = f"part_{tier}"
    return Write(
        table,
        {
            "city": sa.Text(),
            "kpi": sa.Text(),
            "component": sa.Text(),
            "district": sa.Text(),
            "bucket": sa.DateTime(timezone=True),
            "numerator": sa.BigInteger(),
            "denominator": sa.BigInteger(),
            "events": sa.BigInteger(),
        },
        f"""
        INSERT INTO {table} (city, kpi, component, district, bucket, partition, numerator, denominator, count)
        SELECT city, kpi, component, district, bucket, :partition, numerator, denominator, events
        FROM unnest(:{table}_city, :{table}_kpi, :{table}_component, :{table}_district, :{table}_bucket,
          :{table}_numerator, :{table}_denominator, :{table}_events)
          AS added(city, kpi, component, district, bucket, numerator, denominator, events)
        ON CONFLICT (city, kpi, bucket, component, district, partition) DO UPDATE
        SET numerator = {table}.numerator + excluded.numerator,
            denominator = {table}.denominator + excluded.denominator,
            count = {table}.count + excluded.count
        """,  # noqa: S608  # the tier's own table name
    )


_ADD: Final = {tier: _add(tier) for tier in TIERS}


def added(minutes: Parts, cities: Mapping[str, City], now: datetime) -> Iterator[Bound]:
    """The parts of a batch, in every tier that keeps their time."""
    timezones = {code: city.timezone for code, city in cities.items()}
    for tier in TIERS:
        rolled = roll_up(minutes, tier, timezones, now)
        yield _ADD[tier].of([key + part for key, part in sorted(rolled.items())])
