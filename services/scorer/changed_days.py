"""Which past days a batch changed: recorded with the batch, so that no closed period differs from its parts unseen.

One row per partition, so that two scorers never meet on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from services.scorer.tiers import day_of
from services.scorer.types import City, Folded
from services.scorer.writes import Bound, Write


class ChangedDay(NamedTuple):
    """A city-local day that was over when something was added to it."""

    city: str
    day: datetime
    kpi: str
    onwards: bool
    """A dated entry holds from its day on, so the days after it changed too."""


class Mark(NamedTuple):
    """A changed day as one partition recorded it; `revision` tells whether it was recorded again since."""

    day: datetime
    kpi: str
    onwards: bool
    partition: int
    revision: int


class Unsettled(NamedTuple):
    """Since when there are changed days, and when the newest was recorded."""

    since: datetime
    changed_at: datetime


_MOMENTS: Final = ARRAY(sa.DateTime(timezone=True))
_KEY: Final = (
    sa.bindparam("day", type_=_MOMENTS),
    sa.bindparam("kpi", type_=ARRAY(sa.Text())),
    sa.bindparam("onwards", type_=ARRAY(sa.Boolean())),
)

_RECORD: Final = Write(
    "changed_day",
    {
        "city": sa.Text(),
        "day": sa.DateTime(timezone=True),
        "kpi": sa.Text(),
        "onwards": sa.Boolean(),
        "at": sa.DateTime(timezone=True),
    },
    """
    INSERT INTO changed_day (city, day, kpi, onwards, partition, revision, since, changed_at)
    SELECT city, day, kpi, onwards, :partition, 1, at, at
    FROM unnest(:changed_day_city, :changed_day_day, :changed_day_kpi, :changed_day_onwards, :changed_day_at)
      AS changed(city, day, kpi, onwards, at)
    ON CONFLICT (city, day, kpi, onwards, partition) DO UPDATE
    SET revision = changed_day.revision + 1, changed_at = excluded.changed_at
    """,
)

_UNSETTLED: Final = sa.text("SELECT min(since), max(changed_at) FROM changed_day WHERE city = :city")

_READ: Final = sa.text("""
    SELECT day, kpi, onwards, partition, revision FROM changed_day WHERE city = :city
    ORDER BY day, kpi, onwards, partition LIMIT :limit
""")

_SEEN: Final = """
    SELECT c.ctid AS place FROM changed_day c
    JOIN unnest(:day, :kpi, :onwards, :partition, :revision) AS seen(day, kpi, onwards, partition, revision)
      ON c.day = seen.day AND c.kpi = seen.kpi AND c.onwards = seen.onwards AND c.partition = seen.partition
    WHERE c.city = :city AND c.revision {compared} seen.revision
    FOR UPDATE OF c SKIP LOCKED
"""
"""A row that a scorer holds is being recorded again: it is left as it is, so that nobody ever waits in a circle."""


def _on_seen(statement: str, compared: str) -> sa.TextClause:
    return sa.text(f"WITH seen AS ({_SEEN.format(compared=compared)}) {statement}").bindparams(
        *_KEY,
        sa.bindparam("partition", type_=ARRAY(sa.SmallInteger())),
        sa.bindparam("revision", type_=ARRAY(sa.BigInteger())),
    )


_FORGET: Final = _on_seen("DELETE FROM changed_day c USING seen WHERE c.ctid = seen.place", "=")
_WAIT_ANEW: Final = _on_seen("UPDATE changed_day c SET since = changed_at FROM seen WHERE c.ctid = seen.place", "<>")


def changed(folded: Folded, cities: Mapping[str, City], now: datetime) -> set[ChangedDay]:
    """The days before today, in each city, to which something is added. Pure."""
    today = {code: day_of(now, city.timezone) for code, city in cities.items()}
    days = {
        ChangedDay(key.city, day_of(key.bucket, cities[key.city].timezone), key.kpi, onwards=False)
        for key in folded.parts
        if key.bucket < today[key.city]
    }
    onwards = {
        ChangedDay(key.city, day_of(key.at, cities[key.city].timezone), key.kpi, onwards=True)
        for key in folded.entries
        if key.at < today[key.city]
    }
    return days | onwards


def recorded(folded: Folded, cities: Mapping[str, City], now: datetime) -> Bound:
    """They are recorded as changed at `now`."""
    return _RECORD.of([(*day, now) for day in sorted(changed(folded, cities, now))])


async def unsettled(connection: AsyncConnection, city: str) -> Unsettled | None:
    """What is waiting to be looked at; None if nothing is."""
    since, changed_at = (await connection.execute(_UNSETTLED, {"city": city})).one()
    return None if since is None else Unsettled(since, changed_at)


async def read(connection: AsyncConnection, city: str, limit: int) -> list[Mark]:
    """The oldest days first."""
    return [Mark(*row) for row in await connection.execute(_READ, {"city": city, "limit": limit})]


async def forget(connection: AsyncConnection, city: str, seen: Sequence[Mark]) -> None:
    """Delete what was looked at; what was recorded again meanwhile waits anew."""
    if seen:
        columns = dict(zip(Mark._fields, map(list, zip(*seen, strict=True)), strict=True))
        await connection.execute(_FORGET, {"city": city, **columns})
        await connection.execute(_WAIT_ANEW, {"city": city, **columns})
