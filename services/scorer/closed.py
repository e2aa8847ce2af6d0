"""Closed values in the database: a row per KPI, calendar period and revision; the highest revision counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.catalogue import Period
from schemas.snapshot import Freshness, Window
from schemas.tables import closed_period
from services.cityscore.attainment import Value
from services.scorer.kinds import Sums
from services.scorer.periods import CalendarPeriod

GRACE: Final = timedelta(minutes=5)
"""A period is closed this long after its end; events in flight then are in it. Longer than any transaction lives."""


class Key(NamedTuple):
    """A KPI's period; the end alone would be ambiguous if a catalogue gave the KPI another period."""

    kpi: str
    kind: Period
    end: datetime


class Span(NamedTuple):
    """Ends of the first and the last stored period of a KPI; there is no gap between them."""

    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """What a period came to, without when and how it was computed; what is compared between revisions."""

    value: Value | None
    sums: Sums | None
    freshness: Freshness

    def says_the_same_as(self, other: Result) -> bool:
        """Whether it would be no revision: freshness only matters where there is no value."""
        silent = self.value is None and self.freshness != other.freshness
        return (self.value, self.sums) == (other.value, other.sums) and not silent


@dataclass(frozen=True, slots=True)
class ClosedValue:
    """One revision of a KPI's value over a calendar period."""

    kpi: str
    period: CalendarPeriod
    revision: int
    result: Result
    attainment: float | None
    target: Mapping[str, Any] | None
    weight: int
    newest: datetime | None
    coverage: float | None
    catalogue_hash: str
    computed_at: datetime
    difference: float | None

    @property
    def key(self) -> Key:
        """What all its revisions share."""
        return Key(self.kpi, self.period.kind, self.period.window.end)


def difference(value: Value | None, before: Value | None) -> float | None:
    """What changed, in the KPI's unit; None where there is no single number on both sides."""
    if isinstance(value, (int, float)) and isinstance(before, (int, float)):
        return value - before
    return None


_ARRAYS: Final = (
    sa.bindparam("kpi", type_=ARRAY(sa.Text())),
    sa.bindparam("period", type_=ARRAY(sa.Text())),
)

_JSON: Final = {"parts": JSONB(), "target": JSONB()}

_SPANS: Final = sa.text("""
    SELECT k.kpi,
      (SELECT c."end" FROM closed_period c WHERE c.city = :city AND c.kpi = k.kpi AND c.period = k.period
       ORDER BY c."end" LIMIT 1),
      (SELECT c."end" FROM closed_period c WHERE c.city = :city AND c.kpi = k.kpi AND c.period = k.period
       ORDER BY c."end" DESC LIMIT 1)
    FROM unnest(:kpi, :period) AS k(kpi, period)
""").bindparams(*_ARRAYS)

_NEWEST: Final = (
    sa.text("""
    SELECT c.* FROM unnest(:kpi, :period, :end) AS k(kpi, period, "end")
    CROSS JOIN LATERAL (
      SELECT * FROM closed_period c
      WHERE c.city = :city AND c.kpi = k.kpi AND c.period = k.period AND c."end" = k."end"
      ORDER BY c.revision DESC LIMIT 1) c
""")
    .bindparams(*_ARRAYS, sa.bindparam("end", type_=ARRAY(sa.DateTime(timezone=True))))
    .columns(**_JSON)
)

_ENDING: Final = (
    sa.text("""
    SELECT DISTINCT ON (c.kpi, c."end") c.* FROM unnest(:kpi, :period) AS k(kpi, period)
    JOIN closed_period c ON c.city = :city AND c.kpi = k.kpi AND c.period = k.period
      AND c."end" > :begin AND c."end" <= :end
    ORDER BY c.kpi, c."end", c.revision DESC
""")
    .bindparams(*_ARRAYS)
    .columns(**_JSON)
)


async def spans(connection: AsyncConnection, city: str, kinds: Mapping[str, Period]) -> dict[str, Span]:
    """Which periods are stored, per KPI; a KPI without any is absent."""
    rows = await connection.execute(_SPANS, {"city": city, "kpi": list(kinds), "period": list(kinds.values())})
    return {kpi: Span(first, last) for kpi, first, last in rows if first is not None}


async def newest(connection: AsyncConnection, city: str, keys: Iterable[Key]) -> dict[Key, ClosedValue]:
    """The newest revision of each period; what is not stored is absent."""
    wanted = list(keys)
    if not wanted:
        return {}
    kpis, kinds, ends = map(list, zip(*wanted, strict=True))
    rows = await connection.execute(_NEWEST, {"city": city, "kpi": kpis, "period": kinds, "end": ends})
    found = (_from_row(row) for row in rows.mappings())
    return {value.key: value for value in found}


async def ending(
    connection: AsyncConnection, city: str, kinds: Mapping[str, Period], begin: datetime, end: datetime
) -> list[ClosedValue]:
    """The newest revisions of every period that ends after `begin` and not after `end`."""
    asked = {"city": city, "kpi": list(kinds), "period": list(kinds.values()), "begin": begin, "end": end}
    return [_from_row(row) for row in (await connection.execute(_ENDING, asked)).mappings()]


async def store(connection: AsyncConnection, city: str, values: Sequence[ClosedValue]) -> None:
    """Insert revisions."""
    if values:
        await connection.execute(insert(closed_period), [_to_row(city, value) for value in values])


def _to_row(city: str, closed: ClosedValue) -> dict[str, Any]:
    value, sums, period = closed.result.value, closed.result.sums, closed.period
    return {
        "city": city,
        "kpi": closed.kpi,
        "period": period.kind.value,
        "begin": period.window.begin,
        "end": period.window.end,
        "revision": closed.revision,
        "name": period.name,
        "value": value if isinstance(value, (int, float)) else None,
        "parts": dict(value) if isinstance(value, Mapping) else None,
        "numerator": sums and sums.numerator,
        "denominator": sums and sums.denominator,
        "events": sums and sums.events,
        "attainment": closed.attainment,
        "target": closed.target,
        "weight": closed.weight,
        "freshness": closed.result.freshness,
        "newest": closed.newest,
        "coverage": closed.coverage,
        "catalogue_hash": closed.catalogue_hash,
        "computed_at": closed.computed_at,
        "difference": closed.difference,
    }


def _from_row(row: Any) -> ClosedValue:
    summed = row["events"] is not None
    return ClosedValue(
        kpi=row["kpi"],
        period=CalendarPeriod(Period(row["period"]), row["name"], Window(begin=row["begin"], end=row["end"])),
        revision=row["revision"],
        result=Result(
            value=row["value"] if row["parts"] is None else row["parts"],
            sums=Sums(row["numerator"], row["denominator"], row["events"]) if summed else None,
            freshness=row["freshness"],
        ),
        attainment=row["attainment"],
        target=row["target"],
        weight=row["weight"],
        newest=row["newest"],
        coverage=row["coverage"],
        catalogue_hash=row["catalogue_hash"],
        computed_at=row["computed_at"],
        difference=row["difference"],
    )
