"""The ledger's floors: older events are no longer taken, so what lies below one stands still and can be archived.

Only then is it dropped. Scorers hold `FLOOR_LOCK` shared for a batch; whoever moves a floor has it for one statement.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events.envelope import EventClass
from schemas.retention import LEDGER_KEPT
from schemas.tables import ledger_floor
from services.scorer.offsets import FLOOR_LOCK

ARCHIVE_LOCK: Final = 0x41524348
"""Held by whoever archives, drops or imports; `locks.py`, under the name `ARCHIVE`."""
ARCHIVE: Final = "archive"
PATIENCE: Final = "2s"
"""Scorers wait behind whoever waits for one of their locks, so it gives up soon and comes back later."""
DAY: Final = timedelta(days=1)


class Floor(NamedTuple):
    """Where a class of events stands."""

    floor: datetime
    """Older events are `too_old`."""
    first: datetime
    """The first floor ever: no scorer has stored anything older."""
    dropped: datetime
    """Older events may be in the archive only. Midnight UTC, once it has moved."""


async def read(connection: AsyncConnection) -> dict[str, Floor]:
    """Of every class."""
    rows = await connection.execute(sa.select(ledger_floor))
    return {row.event_class: Floor(row.floor, row.first, row.dropped) for row in rows}


def next_floor(floor: datetime, now: datetime, kept: timedelta) -> datetime:
    """Where a floor moves to: midnights, and one day at a time, so that a clock that jumps does little harm. Pure."""
    due = _midnight(now - kept)
    return max(floor, min(due, _midnight(floor) + DAY))


def days_between(begin: datetime, end: datetime) -> list[date]:
    """The UTC days that begin before `end`, from that of `begin` on. Pure."""
    first, last = begin.astimezone(UTC).date(), end.astimezone(UTC).date()
    return [first + number * DAY for number in range((last - first).days)]


def midnight(day: date) -> datetime:
    """The begin of a UTC day."""
    return datetime.combine(day, time(), UTC)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def move(connection: AsyncConnection, event_class: EventClass, now: datetime) -> bool:
    """Move a floor by a day if that is due, in this transaction; whether it moved.

    Waits for the batches under way, so that afterwards no transaction stores anything older. The database's clock must
    agree that it is due.
    """
    floor = (await read(connection))[event_class].floor
    its_now = (await connection.execute(sa.text("SELECT now()"))).scalar_one()
    to = next_floor(floor, min(now, its_now), LEDGER_KEPT[event_class])
    if to == floor:
        return False
    await be_patient(connection)
    await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FLOOR_LOCK})
    c = ledger_floor.c
    await connection.execute(sa.update(ledger_floor).where(c.event_class == event_class).values(floor=to))
    return True


async def open_past(connection: AsyncConnection, begin: datetime) -> bool:
    """Let a new installation take its past: every floor goes back to `begin`, in this transaction.

    Whether all classes take events from `begin` on. A floor that has moved stays where it is: what lies below it may be
    dropped, and a duplicate would no longer be known.
    """
    await be_patient(connection)
    await connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FLOOR_LOCK})
    c = ledger_floor.c
    new = sa.and_(c.floor == c.first, c.dropped == c.first, c.floor > begin)
    await connection.execute(sa.update(ledger_floor).where(new).values(floor=begin, first=begin, dropped=begin))
    return all(floor.floor <= begin for floor in (await read(connection)).values())


class Chunk(NamedTuple):
    """A stretch of time whose rows are dropped together."""

    begin: datetime
    end: datetime


async def chunks(connection: AsyncConnection, event_class: EventClass, before: datetime) -> list[Chunk]:
    """The ledger's chunks that lie wholly before, oldest first."""
    rows = await connection.execute(_CHUNKS, {"tables": list(_tables(event_class)), "before": before})
    return [Chunk(*row) for row in rows]


_CHUNKS: Final = sa.text("""
    SELECT range_start, range_end FROM timescaledb_information.chunks
    WHERE hypertable_schema = 'public' AND hypertable_name = ANY(:tables) AND range_end <= :before ORDER BY range_start
""").bindparams(
    sa.bindparam("tables", type_=ARRAY(sa.Text())), sa.bindparam("before", type_=sa.DateTime(timezone=True))
)


def _tables(event_class: EventClass) -> tuple[str, str]:
    return f"ledger_batch_{event_class}", f"ledger_{event_class}"


async def drop(connection: AsyncConnection, event_class: EventClass, before: datetime) -> None:
    """Drop the chunks that lie wholly before, in this transaction. The caller answers for what is in them."""
    await be_patient(connection)
    c = ledger_floor.c
    mine = sa.update(ledger_floor).where(c.event_class == event_class)
    await connection.execute(mine.values(dropped=sa.func.greatest(c.dropped, before)))
    for table in _tables(event_class):
        await connection.execute(_DROP, {"table": table, "before": before})


_DROP: Final = sa.text("SELECT drop_chunks(CAST(:table AS regclass), CAST(:before AS timestamptz))")


async def be_patient(connection: AsyncConnection) -> None:
    """Give up on a lock after `PATIENCE`, in this transaction."""
    await connection.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
