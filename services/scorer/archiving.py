"""Moving the floor, archiving what is below it, dropping what is archived: in this order, and each step repeatable.

One process at a time does it (an advisory lock), and all its statements go through the connection that holds the lock.
A day counts as archived once its file was read back and agrees with the ledger; the table `archive_file` says so, the
manifest repeats it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.events.envelope import EventClass
from services.runtime import locks
from services.runtime.clock import Clock
from services.scorer import archive_index, floors, parquet, stored_events, tombstones
from services.scorer.archive import CLASSES, Archive, File
from services.scorer.archive_index import Span
from services.scorer.decoding import hash64
from services.scorer.errors import ArchiveError
from services.scorer.measures import Compiled
from services.scorer.parquet import Row, Writer
from services.scorer.stored_events import Origin, StoredBatch
from services.scorer.survey import Survey
from services.scorer.types import City, EventKey


class Done(NamedTuple):
    """What a round did."""

    moved: int = 0
    """Floors that moved by a day."""
    files: int = 0
    rows: int = 0
    chunks: int = 0
    """That were dropped."""

    def __bool__(self) -> bool:
        """Whether there was anything to do."""
        return any(self)


@dataclass(frozen=True, slots=True)
class Archivist:
    """Keeps the ledger short."""

    engine: AsyncEngine
    archive: Archive
    compiled: Compiled
    cities: Mapping[str, City]
    clock: Clock

    async def round(self) -> Done | None:
        """Move each floor by a day if that is due, archive what is below, drop what is archived.

        None if somebody else is at it. ArchiveError, and nothing dropped, if the archive is damaged or another one's.
        """
        async with locks.sole_or_none(self.engine, floors.ARCHIVE_LOCK, floors.ARCHIVE) as connection:
            if connection is None:
                return None
            self.archive.forget()
            done = [await self._class(connection, event_class) for event_class in CLASSES]
        return Done(*map(sum, zip(*done, strict=True)))

    async def _class(self, connection: AsyncConnection, event_class: EventClass) -> Done:
        async with connection.begin():
            moved = await floors.move(connection, event_class, self.clock())
        files = [await self._archive(connection, event_class, day) for day in await _todo(connection, event_class)]
        rows = [file.rows for file in files if file]
        return Done(int(moved), len(rows), sum(rows), await self._drop(connection, event_class))

    async def _archive(self, connection: AsyncConnection, event_class: EventClass, day: date) -> File | None:
        """Archive what of a day is not archived yet; None if there is nothing."""
        async with connection.begin():
            span = await archive_index.span_of(connection, event_class, day)
            known = await archive_index.files_of(connection, event_class, day)
        self.archive.declare(event_class, day, known)
        survey = Survey(self.compiled, self.cities, span.begin, span.end)
        file = await self._write(connection, span, survey, len(known) + 1)
        async with connection.begin():
            await archive_index.enter(connection, span, file, len(known) + 1, self.clock())
            await survey.record(connection, lost=False)
        self.archive.declare(event_class, day, (*known, file) if file else known)
        return file

    async def _write(self, connection: AsyncConnection, span: Span, survey: Survey, number: int) -> File | None:
        async with connection.begin():
            expected = await archive_index.ledger_digest(connection, span)
        if not expected.count:
            return None
        folder = self.archive.day(span.event_class, span.day)
        remove_left_over(folder)
        with parquet.writing(folder) as (writer, temporary):
            async with connection.begin():
                await _copy(connection, span, writer, survey)
        written = await asyncio.to_thread(parquet.describe, temporary)
        if written.digest != expected:
            temporary.unlink()
            raise ArchiveError(folder, "unlike_ledger")
        path = folder / f"{number:04}-{written.sha256[:12]}.parquet"
        parquet.publish(temporary, path)
        return File(name=path.name, rows=written.rows, bytes=written.bytes, sha256=written.sha256)

    async def _drop(self, connection: AsyncConnection, event_class: EventClass) -> int:
        """Drop the chunks whose days are all in the archive, after another look at their files; how many."""
        async with connection.begin():
            floor = (await floors.read(connection))[event_class]
            lacking = archive_index.incomplete(floor, await archive_index.archived(connection, event_class))
            before = min([floor.floor, *map(floors.midnight, lacking)])
            chunks = await floors.chunks(connection, event_class, before)
            if chunks:
                await self._require(connection, event_class, chunks[0].begin, before)
            await floors.drop(connection, event_class, before)
        return len(chunks)

    async def _require(self, connection: AsyncConnection, name: EventClass, begin: datetime, end: datetime) -> None:
        for day in await archive_index.days_with_files(connection, name, begin, end):
            files = await archive_index.files_of(connection, name, day)
            await asyncio.to_thread(self.archive.require, name, day, files)


async def _todo(connection: AsyncConnection, event_class: EventClass) -> list[date]:
    async with connection.begin():
        floor = (await floors.read(connection))[event_class]
        return archive_index.incomplete(floor, await archive_index.archived(connection, event_class))


async def _copy(connection: AsyncConnection, span: Span, writer: Writer, survey: Survey) -> None:
    """The span's events, from the ledger to the writer."""
    async for group in stored_events.together(
        connection, span.event_class, span.begin, span.end, span.after, span.through
    ):
        rows = await asyncio.to_thread(lambda group=group: list(_rows(group, span)))  # type: ignore[misc]  # mypy: default of a lambda
        if rows:
            keys = [EventKey(row.id_hash, row.time) for row in rows]
            contents = await tombstones.contents(connection, span.event_class, keys)
            kept = [
                row._replace(content_hash=content)
                for row, key in zip(rows, keys, strict=True)
                if (content := contents.get(key)) is not None
            ]
            await asyncio.to_thread(writer.add, kept)
            await asyncio.to_thread(survey.see, [batch for _, batch in group])


class _Head(msgspec.Struct, frozen=True):
    """What of an event is a column of its own."""

    id: str
    source: str
    type: str
    time: datetime


_HEAD: Final = msgspec.json.Decoder(_Head)


def _rows(group: Sequence[tuple[Origin, StoredBatch]], span: Span) -> Iterator[Row]:
    """The group's events of the day; what the ledger says of their content is not known here."""
    for origin, batch in group:
        for position, body, _ in batch.records:
            head = _HEAD.decode(body)
            if span.begin <= head.time < span.end:
                key = hash64(f"{head.source}\0{head.id}".encode())
                yield Row(
                    head.time, batch.stored_at, head.source, head.id, head.type, origin.cluster, origin.topic_id,
                    batch.partition, origin.first_offset, origin.last_offset, batch.id, position, key, 0, body,
                )  # fmt: skip


def remove_left_over(folder: Path) -> None:
    """Delete what a killed archivist had begun."""
    for path in folder.glob(".*.tmp"):
        path.unlink()
