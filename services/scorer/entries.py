"""Dated entries in the database: inventories and reference bases, each with the key of the event that stated it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer.kinds import Total
from services.scorer.types import Entries
from services.scorer.writes import Bound, Write

_MOMENT: Final = sa.DateTime(timezone=True)
_MOMENTS: Final = ARRAY(_MOMENT)
_COLUMNS: Final[dict[str, sa.types.TypeEngine[Any]]] = {
    "city": sa.Text(),
    "kpi": sa.Text(),
    "component": sa.Text(),
    "term": sa.SmallInteger(),
    "district": sa.Text(),
    "source": sa.Text(),
    "at": _MOMENT,
    "time": _MOMENT,
    "id_hash": sa.BigInteger(),
    "value": sa.BigInteger(),
    "count": sa.BigInteger(),
    "until": _MOMENT,
}
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)
_KEY: Final = ", ".join(f'"{name}"' for name in list(_COLUMNS)[:9])
_ADD: Final = Write(
    "entry",
    _COLUMNS,
    f"""
    INSERT INTO entry ({_NAMES}, partition)
    SELECT {_NAMES}, :partition FROM unnest({", ".join(f":entry_{name}" for name in _COLUMNS)}) AS added({_NAMES})
    ON CONFLICT ({_KEY}, partition) DO UPDATE
    SET value = entry.value + excluded.value, count = entry.count + excluded.count
    """,  # noqa: S608  # our own column names
)


Totals = dict[tuple[str, bool], Total]
"""Per component and side; True is the base."""


class Wanted(NamedTuple):
    """The entries of a KPI that hold at a moment."""

    kpi: str
    at: datetime
    since: datetime
    """Older ones have lapsed; of the numerator …"""
    base_since: datetime
    """… and of the base."""


# From one series to the next through the primary key, and in each backwards to the newest entry that was not taken
# back: what is read does not grow with the history.
_TOTALS: Final = sa.text("""
    WITH RECURSIVE series AS (
      (SELECT kpi, component, term, district, source FROM entry WHERE city = :city
       ORDER BY kpi, component, term, district, source LIMIT 1)
      UNION ALL
      SELECT n.* FROM series s CROSS JOIN LATERAL (
        SELECT e.kpi, e.component, e.term, e.district, e.source FROM entry e
        WHERE e.city = :city
          AND (e.kpi, e.component, e.term, e.district, e.source) > (s.kpi, s.component, s.term, s.district, s.source)
        ORDER BY e.kpi, e.component, e.term, e.district, e.source LIMIT 1) n
    )
    SELECT w.number, s.component, s.term < 0, sum(v.value)::bigint, max(v.at)
    FROM unnest(:number, :kpi, :at, :since, :base_since) AS w(number, kpi, at, since, base_since)
    JOIN series s ON s.kpi = w.kpi
    CROSS JOIN LATERAL (
      SELECT e.at, sum(e.value) AS value, max(e.until) AS until FROM entry e
      WHERE e.city = :city AND e.kpi = s.kpi AND e.component = s.component AND e.term = s.term
        AND e.district = s.district AND e.source = s.source
        AND e.at <= w.at AND e.at > CASE WHEN s.term < 0 THEN w.base_since ELSE w.since END
      GROUP BY e.at, e.time, e.id_hash HAVING sum(e.count) > 0
      ORDER BY e.at DESC, e.time DESC, e.id_hash DESC LIMIT 1) v
    WHERE v.until IS NULL OR v.until > w.at
    GROUP BY w.number, s.component, s.term < 0
""").bindparams(
    sa.bindparam("number", type_=ARRAY(sa.Integer())),
    sa.bindparam("kpi", type_=ARRAY(sa.Text())),
    *(sa.bindparam(name, type_=_MOMENTS) for name in ("at", "since", "base_since")),
)


async def totals(connection: AsyncConnection, city: str, wanted: Sequence[Wanted]) -> list[Totals]:
    """The newest entry of each term, source and district, added up, in the order wanted."""
    found: list[Totals] = [{} for _ in wanted]
    if wanted:
        columns = dict(zip(Wanted._fields, map(list, zip(*wanted, strict=True)), strict=True))
        rows = await connection.execute(_TOTALS, {"city": city, "number": list(range(len(wanted))), **columns})
        for number, component, base, value, newest in rows:
            found[number][component, base] = Total(value, newest)
    return found


def added(entries: Entries) -> Bound:
    """The entries of a batch."""
    return _ADD.of([key + entry for key, entry in sorted(entries.items())])
