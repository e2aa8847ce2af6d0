"""What the database says of the archive: which days are in it, in which files, and what they were compared with."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas.events.envelope import EventClass
from schemas.tables import archive_day, archive_file
from services.scorer.archive import File
from services.scorer.floors import DAY, Floor, days_between, midnight
from services.scorer.parquet import LEDGER_DIGEST, Digest
from services.scorer.tombstones import BATCH as TOMBSTONE


class Span(NamedTuple):
    """What one file takes: the events of a day in batches after one and up to another."""

    event_class: EventClass
    day: date
    after: int
    through: int

    @property
    def begin(self) -> datetime:
        """Midnight, UTC."""
        return midnight(self.day)

    @property
    def end(self) -> datetime:
        """The next one."""
        return self.begin + DAY


async def archived(connection: AsyncConnection, event_class: EventClass) -> dict[date, bool]:
    """The days that are in the archive; True where an import has added events that are not."""
    c = archive_day.c
    rows = await connection.execute(sa.select(c.day, c.pending).where(c.event_class == event_class))
    return {row.day: row.pending for row in rows}


def incomplete(floor: Floor, known: dict[date, bool]) -> list[date]:
    """The days below the floor that are not, or not wholly, in the archive; oldest first. Pure.

    What was dropped before there was an archive is gone.
    """
    pending = {day for day, lacks in known.items() if lacks}
    missing = {day for day in days_between(floor.dropped, floor.floor) if day not in known}
    return sorted(pending | missing)


async def files_of(connection: AsyncConnection, event_class: EventClass, day: date) -> tuple[File, ...]:
    """The day's files in their order."""
    c = archive_file.c
    query = sa.select(c.name, c.rows, c.bytes, c.sha256).where(c.event_class == event_class, c.day == day)
    return tuple(File(**row) for row in (await connection.execute(query.order_by(c.number))).mappings())


async def files(
    connection: AsyncConnection, begin: datetime, end: datetime
) -> dict[tuple[EventClass, date], list[File]]:
    """The files of each class and day that overlaps begin <= time < end, oldest first."""
    c = archive_file.c
    columns = sa.select(c.event_class, c.day, c.name, c.rows, c.bytes, c.sha256)
    first, last = begin.astimezone(UTC).date(), end.astimezone(UTC).date()
    query = columns.where(c.day.between(first, last)).order_by(c.event_class, c.day, c.number)
    found: dict[tuple[EventClass, date], list[File]] = {}
    for event_class, day, *file in await connection.execute(query):
        entry = File(**dict(zip(File.model_fields, file, strict=True)))
        found.setdefault((event_class, day), []).append(entry)
    return found


async def through(connection: AsyncConnection) -> dict[tuple[EventClass, date], int]:
    """The newest ledger batch whose events of a class and day are in the archive."""
    c = archive_day.c
    rows = await connection.execute(sa.select(c.event_class, c.day, c.through))
    return {(row.event_class, row.day): row.through for row in rows}


async def days_with_files(
    connection: AsyncConnection, event_class: EventClass, begin: datetime, end: datetime
) -> list[date]:
    """Which of the days between have any."""
    c = archive_file.c
    days = days_between(begin, end)
    query = sa.select(c.day).where(c.event_class == event_class, c.day.in_(days)).distinct().order_by(c.day)
    return list((await connection.scalars(query)).all())


async def span_of(connection: AsyncConnection, event_class: EventClass, day: date) -> Span:
    """What is to be archived of a day below the floor. Nothing is stored there but by whoever holds the lock."""
    c = archive_day.c
    after = await connection.scalar(sa.select(c.through).where(c.event_class == event_class, c.day == day))
    through = await connection.scalar(sa.text("SELECT last_value FROM ledger_batch_id"))
    return Span(event_class, day, after or TOMBSTONE, int(through or 0))


async def ledger_digest(connection: AsyncConnection, span: Span) -> Digest:
    """Of the span's rows in the ledger."""
    query = sa.text(
        f"SELECT {LEDGER_DIGEST} FROM ledger_{span.event_class}"  # noqa: S608  # our own names
        " WHERE time >= :begin AND time < :end AND batch > :after AND batch <= :through"
    ).bindparams(*_MOMENTS)
    where = {"begin": span.begin, "end": span.end, "after": span.after, "through": span.through}
    row = (await connection.execute(query, where)).one()
    return Digest(*map(int, row))


_MOMENTS: Final = tuple(sa.bindparam(name, type_=sa.DateTime(timezone=True)) for name in ("begin", "end"))


async def enter(connection: AsyncConnection, span: Span, file: File | None, number: int, now: datetime) -> None:
    """The span is in the archive, in this file if it had any events."""
    day = {"event_class": span.event_class, "day": span.day}
    state = {"through": span.through, "pending": False, "archived_at": now}
    upsert = insert(archive_day).values(day | state)
    await connection.execute(upsert.on_conflict_do_update(index_elements=list(day), set_=state))
    if file:
        row = day | {"number": number, "archived_at": now} | file.model_dump()
        await connection.execute(sa.insert(archive_file).values(row))


async def add_to(connection: AsyncConnection, days: Iterable[tuple[EventClass, date]]) -> None:
    """Events were stored on days that are archived already, or whose turn has passed."""
    rows = [{"event_class": name, "day": day, "through": TOMBSTONE, "pending": True} for name, day in sorted(days)]
    if rows:
        upsert = insert(archive_day).values(rows)
        keys = ["event_class", "day"]
        await connection.execute(upsert.on_conflict_do_update(index_elements=keys, set_={"pending": True}))
