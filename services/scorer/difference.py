"""What a partition's tables lack beside their recomputed twins, and adding exactly that."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from services.scorer.types import Entry, EntryKey, Folded, Part, PartKey


class Shape(NamedTuple):
    """Which columns of a table say where, and which say how much."""

    table: sa.Table
    bucket: str
    key: tuple[str, ...]
    sums: tuple[str, ...]
    other: tuple[str, ...] = ()


class Window(NamedTuple):
    """Buckets of a table with begin <= bucket < end that are compared."""

    begin: datetime
    end: datetime


class Difference(NamedTuple):
    """What one KPI of a city lacks in one table: rows that differ, and the sums of what is to be added."""

    table: str
    city: str
    kpi: str
    rows: int
    first: datetime
    last: datetime
    sums: dict[str, int]


def _shape(table: sa.Table, bucket: str) -> Shape:
    unique = [index.columns.keys() for index in table.indexes if index.unique] or [table.primary_key.columns.keys()]
    key = tuple(name for name in unique[0] if name != "partition")
    rest = [column for column in table.columns if column.name not in (*key, "partition")]
    sums = tuple(column.name for column in rest if not column.nullable)
    return Shape(table, bucket, key, sums, tuple(column.name for column in rest if column.nullable))


SHAPES: Final = (
    *(_shape(table, "bucket") for table in tables.parts.values()),
    *(_shape(table, "bucket") for table in tables.bins.values()),
    _shape(tables.entry, "at"),
)


async def find(
    connection: AsyncConnection, partition: int, shape: Shape, kpis: Mapping[str, Window], cities: frozenset[str]
) -> list[Difference]:
    """Compare a table with its twin; what differs stays in the temporary table `lack_…` until the transaction ends."""
    name = shape.table.name
    await connection.execute(sa.text(f"CREATE TEMP TABLE lack_{name} (LIKE public.{name}) ON COMMIT DROP"))
    where = {
        "partition": partition,
        "kpi": list(kpis),
        "begin": [window.begin for window in kpis.values()],
        "end": [window.end for window in kpis.values()],
        "city": sorted(cities),
        "earliest": min(window.begin for window in kpis.values()),
        "latest": max(window.end for window in kpis.values()),
    }
    await connection.execute(_COMPARE[name], where)
    rows = await connection.execute(_SUMMARY[name])
    return [_difference(shape, row) for row in rows]


def _difference(shape: Shape, row: Any) -> Difference:
    city, kpi, count, first, last, *sums = row
    return Difference(shape.table.name, city, kpi, count, first, last, dict(zip(shape.sums, sums, strict=True)))


async def add(connection: AsyncConnection, shape: Shape) -> None:
    """Add what `find` left, so that the table says what its twin says."""
    await connection.execute(_ADD[shape.table.name])


async def days(connection: AsyncConnection) -> Folded:
    """The city-local days and dated entries that `find` left, in the form of additions."""
    parts = {PartKey(row.city, row.kpi, "", "", row.bucket): Part(0, 0, 0) for row in await connection.execute(_DAYS)}
    entries = {
        EntryKey(row.city, row.kpi, "", 0, "", "", row.at, row.at, 0): Entry(0, 0, None)
        for row in await connection.execute(_ENTRIES)
    }
    return Folded(parts, {}, entries)


_DAYS: Final = sa.text("SELECT DISTINCT city, kpi, bucket FROM lack_part_day")
_ENTRIES: Final = sa.text("SELECT DISTINCT city, kpi, at FROM lack_entry")


def _compare(shape: Shape) -> sa.TextClause:
    name, key, columns = shape.table.name, ", ".join(_quoted(shape.key)), (*shape.key, *shape.sums, *shape.other)
    lacks = ", ".join(f"coalesce(n.{c}, 0) - coalesce(o.{c}, 0)" for c in shape.sums)
    other = "".join(f', coalesce(n."{c}", o."{c}")' for c in shape.other)
    return sa.text(f"""
        WITH scope AS (SELECT * FROM unnest(:kpi, :begin, :end) AS s(kpi, first, last)),
        n AS (SELECT t.* FROM pg_temp.{name} t JOIN scope USING (kpi) {_WHERE.format(bucket=shape.bucket)}),
        o AS (SELECT t.* FROM public.{name} t JOIN scope USING (kpi) {_WHERE.format(bucket=shape.bucket)})
        INSERT INTO lack_{name} ({", ".join(_quoted(columns))}, partition)
        SELECT {key}, {lacks}{other}, :partition FROM n FULL JOIN o USING ({key})
        WHERE {" OR ".join(f"coalesce(n.{c}, 0) <> coalesce(o.{c}, 0)" for c in shape.sums)}
    """).bindparams(  # noqa: S608  # our own names
        sa.bindparam("kpi", type_=ARRAY(sa.Text())),
        sa.bindparam("begin", type_=ARRAY(sa.DateTime(timezone=True))),
        sa.bindparam("end", type_=ARRAY(sa.DateTime(timezone=True))),
        sa.bindparam("city", type_=ARRAY(sa.Text())),
    )


# The outer bounds are constants to the planner, so that it leaves out chunks of other times.
_WHERE: Final = """WHERE t.partition = :partition AND t.city = ANY(:city) AND t."{bucket}" >= first
    AND t."{bucket}" < last AND t."{bucket}" >= :earliest AND t."{bucket}" < :latest"""


def _summary(shape: Shape) -> sa.TextClause:
    sums = ", ".join(f"sum({c})::bigint" for c in shape.sums)
    return sa.text(f"""
        SELECT city, kpi, count(*), min("{shape.bucket}"), max("{shape.bucket}"), {sums}
        FROM lack_{shape.table.name} GROUP BY city, kpi ORDER BY city, kpi
    """)  # noqa: S608  # our own names


def _add(shape: Shape) -> sa.TextClause:
    name, columns = shape.table.name, ", ".join(_quoted((*shape.key, *shape.sums, *shape.other, "partition")))
    sums = ", ".join(f"{c} = t.{c} + excluded.{c}" for c in shape.sums)
    return sa.text(f"""
        INSERT INTO public.{name} AS t ({columns}) SELECT {columns} FROM lack_{name}
        ON CONFLICT ({", ".join(_quoted((*shape.key, "partition")))}) DO UPDATE SET {sums}
    """)  # noqa: S608  # our own names


def _quoted(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f'"{name}"' for name in names)


_COMPARE: Final[dict[str, Any]] = {shape.table.name: _compare(shape) for shape in SHAPES}
_SUMMARY: Final[dict[str, Any]] = {shape.table.name: _summary(shape) for shape in SHAPES}
_ADD: Final[dict[str, Any]] = {shape.table.name: _add(shape) for shape in SHAPES}
