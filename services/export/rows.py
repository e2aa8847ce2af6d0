"""A period's rows: every KPI of that period's length, from the newest revision of its closed values.

Annex 4 gives each KPI its period ("Периодичность выгрузки"). A KPI that was never computed has a row without a value.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Catalogue, Category, Initiative, Kpi, Period
from schemas.delivery import DeliveryRow

_NEWEST: Final = sa.text("""
    SELECT DISTINCT ON (c.kpi) c.* FROM unnest(:kpis, :revisions) AS asked(kpi, revision)
    JOIN closed_period c ON c.city = :city AND c.kpi = asked.kpi AND c.period = :period AND c."end" = :end
      AND c.revision <= asked.revision
    ORDER BY c.kpi, c.revision DESC
""").bindparams(sa.bindparam("kpis", type_=ARRAY(sa.Text())), sa.bindparam("revisions", type_=ARRAY(sa.Integer())))
_ANY: Final = 2**31 - 1


class CityRow(NamedTuple):
    """What the export needs to know of a city."""

    code: str
    category: Category


class Closed(NamedTuple):
    """A calendar period that is over, in the city's own time; `end` is excluded."""

    period: Period
    name: str
    begin: datetime
    end: datetime


async def read(
    connection: AsyncConnection,
    catalogue: Catalogue,
    city: CityRow,
    closed: Closed,
    as_of: Mapping[str, int] | None = None,
) -> list[DeliveryRow]:
    """The rows in the order of annex 4; `as_of` names the revision of each KPI, otherwise the newest counts.

    The cost depends on the number of KPIs, not on how much history there is.
    """
    kpis = of_period(catalogue, closed.period)
    codes = [kpi.code for _, kpi in kpis]
    asked = {
        "city": city.code,
        "kpis": codes,
        "revisions": [_ANY if as_of is None else as_of.get(code, 0) for code in codes],
        "period": closed.period.value,
        "end": closed.end,
    }
    found = {row["kpi"]: row for row in (await connection.execute(_NEWEST, asked)).mappings()}
    return list(rows(kpis, city, closed, found))


def of_period(catalogue: Catalogue, period: Period) -> list[tuple[Initiative, Kpi]]:
    """The KPIs that are exported at this period."""
    return [(initiative, kpi) for initiative, kpi in catalogue.measured() if kpi.period == period]


def rows(
    kpis: Iterable[tuple[Initiative, Kpi]], city: CityRow, closed: Closed, found: Mapping[str, Any]
) -> Iterator[DeliveryRow]:
    """A row per KPI from what is stored of it. Pure."""
    for initiative, kpi in kpis:
        stored = found.get(kpi.code) or {}
        target = stored.get("target") if stored else _target(kpi, city.category)
        yield DeliveryRow(
            city=city.code,
            category=city.category,
            kpi=kpi.code,
            initiative=initiative.number,
            period=closed.period,
            name=closed.name,
            begin=closed.begin,
            end=closed.end,
            value=stored.get("value"),
            parts=_compact(stored.get("parts")),
            unit=kpi.unit,
            numerator=stored.get("numerator"),
            denominator=stored.get("denominator"),
            scale=kpi.measure.scale,
            target=_compact(target),
            attainment=stored.get("attainment"),
            weight=stored.get("weight", kpi.weight),
            coverage=stored.get("coverage"),
            freshness=stored.get("freshness") or ("missing" if kpi.measure.bound else "unbound"),
            sources=" ".join(kpi.measure.sources or ()),
            catalogue_hash=stored.get("catalogue_hash"),
            revision=stored.get("revision", 0),
            generated_at=stored.get("computed_at"),
        )


def revisions(found: Sequence[DeliveryRow]) -> dict[str, int]:
    """Computed KPI → its revision: what a delivery is made of, and by which a later one is told from it."""
    return {row.kpi: row.revision for row in found if row.revision}


def _target(kpi: Kpi, category: Category) -> dict[str, Any] | None:
    target = kpi.targets.of(category)
    return target.model_dump(mode="json") if target else None


def _compact(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
