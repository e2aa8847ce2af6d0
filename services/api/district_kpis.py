"""A KPI district by district, from the additive parts, over the trailing window in which it is scored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Category, Kpi, Period
from schemas.observed import WHOLE
from schemas.tables import Tier, parts
from schemas.tables import city as cities
from services.api.quotients import has_series, value_of
from services.cityscore.attainment import attainment

WINDOWS: Final[Mapping[Period, tuple[Tier, timedelta]]] = {
    Period.DAY: ("hour", timedelta(days=1)),
    Period.WEEK: ("hour", timedelta(days=7)),
    Period.MONTH: ("hour", timedelta(days=30)),
    Period.QUARTER: ("hour", timedelta(days=91)),
    Period.YEAR: ("day", timedelta(days=365)),
}


class DistrictScore(NamedTuple):
    """The KPI's value in one district, and how far it reaches the city's target; None where there is no target."""

    value: float | None
    attainment: float | None


async def by_district(connection: AsyncConnection, city: str, kpi: Kpi, at: datetime) -> dict[str, DistrictScore]:
    """By district; empty for a KPI that is no quotient of additive parts. What names no district counts for `whole`."""
    if not has_series(kpi.measure):
        return {}
    tier, length = WINDOWS[kpi.period]
    table = parts[tier]
    sums = [sa.cast(sa.func.sum(table.c[name]), sa.BigInteger) for name in ("numerator", "denominator")]
    query = (
        sa.select(table.c.district, *sums)
        .where(table.c.city == city, table.c.kpi == kpi.code, table.c.bucket > at - length, table.c.bucket <= at)
        .group_by(table.c.district)
    )
    named = sa.select(cities.c.category).where(cities.c.code == city)
    category = Category((await connection.execute(named)).scalar_one())
    rows = (await connection.execute(query)).all()
    return {district or WHOLE: _score(kpi, category, top, below) for district, top, below in rows}


def _score(kpi: Kpi, category: Category, numerator: int, denominator: int) -> DistrictScore:
    value = value_of(kpi.measure, numerator, denominator)
    target = kpi.targets.of(category)
    if value is None or target is None or target.op == "each_at_most":
        return DistrictScore(value, None)
    return DistrictScore(value, attainment(target, value))
