"""The yearly evaluation from closed values: frozen on 31 January with its hash, later revisions beside it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.tables import cityscore_yearly
from services.cityscore.attainment import Value
from services.cityscore.rubric import Rubric
from services.cityscore.yearly import Evaluation, evaluate, freezes_on
from services.scorer import closed
from services.scorer.closed import ClosedValue
from services.scorer.tiers import local_date, midnight
from services.scorer.types import City

_LAST: Final = sa.text(
    "SELECT revision, hash, computed_at FROM cityscore_yearly WHERE city = :city AND year = :year"
    " ORDER BY revision DESC LIMIT 1"
)


async def evaluation(connection: AsyncConnection, rubric: Rubric, city: City, year: int) -> Evaluation:
    """A year by the newest revisions of its closed values; a period that is not over yet counts as missing."""
    return evaluated(rubric, city, year, await _closed_values(connection, rubric, city, year))


async def update(connection: AsyncConnection, rubric: Rubric, city: City, years: Iterable[int], now: datetime) -> None:
    """Store what is new of the years that are old enough: the first one stored is the official one.

    Without a newer closed value there is nothing new: a changed catalogue alone revises no year.
    """
    today = local_date(now, city.timezone)
    for year in sorted(years):
        if today < freezes_on(year):
            continue
        values = await _closed_values(connection, rubric, city, year)
        last = (await connection.execute(_LAST, {"city": city.code, "year": year})).one_or_none()
        if last and all(value.computed_at <= last.computed_at for value in values):
            continue
        found = evaluated(rubric, city, year, values)
        if last is None or last.hash != found.hash:
            row = {
                "city": city.code,
                "year": year,
                "revision": last.revision + 1 if last else 1,
                "hash": found.hash,
                "computed_at": now,
                "evaluation": found.to_json(),
            }
            await connection.execute(insert(cityscore_yearly).values(row))


def evaluated(rubric: Rubric, city: City, year: int, closed_values: Iterable[ClosedValue]) -> Evaluation:
    """Closed values of a year as its evaluation. Pure."""
    values: dict[str, dict[str, Value]] = {}
    not_applicable: dict[str, set[str]] = {}
    for stored in closed_values:
        if stored.result.value is not None:
            values.setdefault(stored.kpi, {})[stored.period.name] = stored.result.value
        elif stored.result.freshness == "not_applicable":
            not_applicable.setdefault(stored.kpi, set()).add(stored.period.name)
    return evaluate(rubric, city.code, year, values, (), not_applicable, additional=city.additional)


async def _closed_values(connection: AsyncConnection, rubric: Rubric, city: City, year: int) -> list[ClosedValue]:
    begin, end = (midnight(date(y, 1, 1), city.timezone) for y in (year, year + 1))
    kinds = {code: criterion.period for code, criterion in rubric.criteria.items()}
    return await closed.ending(connection, city.code, kinds, begin, end)
