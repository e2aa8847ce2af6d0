"""A KPI district by district, from the additive parts, over the trailing window in which it is scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Category, Kpi, Period
from schemas.observed import WHOLE
from schemas.tables import Tier, parts
from schemas.tables import city as cities
from services.api.quotients import divides, has_series, value_of
from services.cityscore.attainment import attainment

WINDOWS: Final[Mapping[Period, tuple[Tier, timedelta]]] = {
    Period.DAY: ("hour", timedelta(days=1)),
    Period.WEEK: ("hour", timedelta(days=7)),
    Period.MONTH: ("hour", timedelta(days=30)),
    Period.QUARTER: ("hour", timedelta(days=91)),
    Period.YEAR: ("day", timedelta(days=365)),
}
AT_LEAST: Final = 2
"""Districts with a figure, for a KPI to be worth a choice on the map."""


class DistrictScore(NamedTuple):
    """The KPI's value in one district, and how far it reaches the city's target; None without a target, and of counts:
    a part of the city cannot reach what is asked of the whole."""

    value: float | None
    attainment: float | None


class Sums(NamedTuple):
    """The parts of a KPI in one district, added up; the district of what names none is empty."""

    district: str
    numerator: int
    denominator: int


async def by_district(connection: AsyncConnection, city: str, kpi: Kpi, at: datetime) -> dict[str, DistrictScore]:
    """By district; empty for a KPI that is no quotient of additive parts. What names no district counts for `whole`."""
    if not has_series(kpi.measure):
        return {}
    tier, length = WINDOWS[kpi.period]
    table = parts[tier]
    query = (
        sa.select(table.c.district, *_sums(table))
        .where(table.c.city == city, table.c.kpi == kpi.code, table.c.bucket > at - length, table.c.bucket <= at)
        .group_by(table.c.district)
    )
    named = sa.select(cities.c.category).where(cities.c.code == city)
    category = Category((await connection.execute(named)).scalar_one())
    found = told_apart([Sums(*row) for row in (await connection.execute(query)).all()])
    return {one.district or WHOLE: _score(kpi, category, one) for one in found}


async def kpis_by_district(connection: AsyncConnection, city: str, kpis: Iterable[Kpi], at: datetime) -> list[str]:
    """Codes of those that have a figure in two districts or more, to the day."""
    asked = [kpi for kpi in kpis if divides(kpi.measure)]
    table = parts["day"]
    windows = (
        sa.func.unnest(
            sa.cast([kpi.code for kpi in asked], ARRAY(sa.Text)),
            sa.cast([at - WINDOWS[kpi.period][1] for kpi in asked], ARRAY(sa.DateTime(timezone=True))),
        )
        .table_valued("kpi", "since", name="windows")
        .render_derived()
    )
    query = (
        sa.select(table.c.kpi, table.c.district, *_sums(table))
        .join(windows, sa.and_(windows.c.kpi == table.c.kpi, table.c.bucket > windows.c.since))
        .where(table.c.city == city, table.c.bucket <= at)
        .group_by(table.c.kpi, table.c.district)
    )
    found: dict[str, list[Sums]] = {}
    for code, *sums in (await connection.execute(query)).all():
        found.setdefault(code, []).append(Sums(*sums))
    return [kpi.code for kpi in asked if _named(told_apart(found.get(kpi.code, []))) >= AT_LEAST]


def told_apart(found: Sequence[Sums]) -> list[Sums]:
    """Those that can be divided: where cases name their district and what became of them does not, none can."""
    named = [one for one in found if one.district]
    torn = any(one.denominator for one in named) and not any(one.numerator for one in named)
    elsewhere = any(one.numerator for one in found if not one.district)
    return [] if torn and elsewhere else list(found)


def _named(found: Iterable[Sums]) -> int:
    return sum(1 for one in found if one.district and one.denominator)


def _sums(table: sa.Table) -> list[sa.Cast[int]]:
    return [sa.cast(sa.func.sum(table.c[name]), sa.BigInteger) for name in ("numerator", "denominator")]


def _score(kpi: Kpi, category: Category, sums: Sums) -> DistrictScore:
    value = value_of(kpi.measure, sums.numerator, sums.denominator)
    target = kpi.targets.of(category)
    if value is None or target is None or target.op == "each_at_most" or not divides(kpi.measure):
        return DistrictScore(value, None)
    return DistrictScore(value, attainment(target, value))
