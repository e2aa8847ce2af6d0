"""The archive: `{event_class}/{day}/` with Parquet files and a manifest; what the ledger has dropped is found here.

Days are of the events' time in UTC. A day has a file, and further ones where an import has added to it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, get_args

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.events.envelope import EventClass
from services.scorer import parquet
from services.scorer.errors import ArchiveError
from services.scorer.stored_events import StoredBatch, StoredEvent
from services.scorer.types import EventKey, Record

MANIFEST: Final = "manifest.json"
CLASSES: Final[tuple[EventClass, ...]] = get_args(EventClass)


class File(BaseModel):
    """One file as the manifest names it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a day's folder holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event_class: EventClass
    day: date
    rows: int
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file of the archive cannot be trusted."""

    path: Path
    problem: str
    """missing | damaged | unreadable | unlisted: what `archive.problem_…` says in the user's language."""


@dataclass
class Archive:
    """An archive folder. A file is checked against its SHA-256 before it is read for the first time."""

    folder: Path
    _trusted: set[Path] = field(default_factory=set)

    def day(self, event_class: EventClass, day: date) -> Path:
        """The folder of a day."""
        return self.folder / event_class / day.isoformat()

    def manifest(self, event_class: EventClass, day: date) -> Manifest | None:
        """The day's manifest; None if it has none. ArchiveError if it is no manifest of this day."""
        path = self.day(event_class, day) / MANIFEST
        try:
            found = Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise ArchiveError(path, "unreadable") from error
        if (found.event_class, found.day) != (event_class, day):
            raise ArchiveError(path, "unreadable")
        return found

    def declare(self, event_class: EventClass, day: date, files: Collection[File]) -> None:
        """Write a day's manifest, atomically; nothing is written when it says so already."""
        rows = sum(file.rows for file in files)
        manifest = Manifest(event_class=event_class, day=day, rows=rows, files=tuple(files))
        before = self.manifest(event_class, day)
        if not files or before == manifest:
            return
        path = self.day(event_class, day) / MANIFEST
        if before and not set(before.files) <= set(files):
            path.rename(path.with_name(f"replaced-{parquet.sha256(path)[:12]}.json"))  # a database that was restored
        text = json.dumps(manifest.model_dump(mode="json"), indent=2) + "\n"
        with NamedTemporaryFile(
            "w", dir=path.parent, prefix=".", suffix=".tmp", delete=False, encoding="utf-8"
        ) as file:
            file.write(text)
            file.flush()
            parquet.sync(file.fileno())
        parquet.publish(Path(file.name), path)

    def require(self, event_class: EventClass, day: date, files: Iterable[File]) -> None:
        """ArchiveError unless exactly these files are there, whole, and declared."""
        expected = tuple(files)
        manifest = self.manifest(event_class, day)
        folder = self.day(event_class, day)
        if (manifest.files if manifest else ()) != expected:
            raise ArchiveError(folder / MANIFEST, "foreign")
        for file in expected:
            self._require(folder / file.name, file)

    def trusted(self, event_class: EventClass, day: date, files: Iterable[File]) -> Iterator[Path]:
        """The paths of these files, each checked. ArchiveError for one that is missing or damaged."""
        for file in files:
            path = self.day(event_class, day) / file.name
            self._require(path, file)
            yield path

    def _require(self, path: Path, file: File) -> None:
        if path not in self._trusted:
            if problem := _problem(path, file):
                raise ArchiveError(path, problem)
            self._trusted.add(path)

    def forget(self) -> None:
        """Check every file again before it is read next."""
        self._trusted.clear()

    def days(self) -> Iterator[tuple[EventClass, date]]:
        """Every day that has a folder, oldest first."""
        for event_class in CLASSES:
            folder = self.folder / event_class
            for path in sorted(folder.glob("????-??-??")):
                yield event_class, date.fromisoformat(path.name)

    def check(self) -> Iterator[tuple[Path, list[Problem]]]:
        """Compare every day with its manifest; nothing but the folder is needed."""
        for event_class, day in self.days():
            folder = self.day(event_class, day)
            yield folder, list(self._check(folder, event_class, day))

    def _check(self, folder: Path, event_class: EventClass, day: date) -> Iterator[Problem]:
        try:
            manifest = self.manifest(event_class, day)
        except ArchiveError as error:
            yield Problem(folder / MANIFEST, error.problem)
            return
        listed = {file.name: file for file in manifest.files} if manifest else {}
        for name, file in listed.items():
            if problem := _problem(folder / name, file) or _unlike(folder / name, file):
                yield Problem(folder / name, problem)
        for path in sorted(folder.iterdir()):
            if path.name not in listed and path.name != MANIFEST:
                yield Problem(path, "unlisted")

    def files(self, event_class: EventClass, day: date) -> Iterator[Path]:
        """The day's files, each checked. ArchiveError for one that is not what the manifest says."""
        manifest = self.manifest(event_class, day)
        yield from self.trusted(event_class, day, manifest.files if manifest else ())

    def find(self, event_class: EventClass, keys: Collection[EventKey]) -> dict[EventKey, tuple[int, StoredEvent]]:
        """Those of the events that are archived, with their content hash. ArchiveError if a file is damaged."""
        found: dict[EventKey, tuple[int, StoredEvent]] = {}
        in_order = sorted(keys, key=lambda key: key.time)
        for day, of_day in groupby(in_order, key=lambda key: key.time.astimezone(UTC).date()):
            asked = set(of_day)
            for path in self.files(event_class, day):
                found |= _find(path, event_class, asked)
        return found


def _problem(path: Path, file: File) -> str | None:
    if not path.is_file():
        return "missing"
    if path.stat().st_size != file.bytes or parquet.sha256(path) != file.sha256:
        return "damaged"
    return None


def _unlike(path: Path, file: File) -> str | None:
    """A file with the right hash whose rows are not what the manifest counts."""
    try:
        written = parquet.describe(path)
    except (OSError, pa.ArrowException):
        return "unreadable"
    return None if written.rows == file.rows else "damaged"


def _find(path: Path, event_class: EventClass, keys: set[EventKey]) -> dict[EventKey, tuple[int, StoredEvent]]:
    hashes = pa.array([key.id_hash for key in keys], pa.int64())
    found: dict[EventKey, tuple[int, StoredEvent]] = {}
    for number, narrow in enumerate(parquet.tables(path, ("id_hash", "time"))):
        if pc.any(pc.is_in(narrow["id_hash"], hashes)).as_py():
            table = parquet.row_group(path, number)
            for row in parquet.of_table(table.filter(pc.is_in(table["id_hash"], hashes))):
                key = EventKey(row.id_hash, row.time)
                if key in keys:
                    event = StoredEvent(event_class, row.partition, row.stored_at, row.body)
                    found[key] = (row.content_hash, event)
    return found


def batches_in(
    path: Path, event_class: EventClass, partition: int, begin: datetime, end: datetime
) -> Iterator[StoredBatch]:
    """What `stored_events.batches` gives, of a file's events with begin <= time < end."""
    for table in parquet.tables(path):
        mine = pc.and_(pc.equal(table["partition"], partition), _between(table["time"], begin, end))
        for (number, stored_at), of_batch in groupby(
            parquet.of_table(table.filter(mine)), key=lambda row: (row.batch, row.stored_at)
        ):
            records = [Record(row.position, row.body) for row in of_batch]
            yield StoredBatch(number, event_class, partition, stored_at, records)


def _between(times: Any, begin: datetime, end: datetime) -> Any:
    kind = parquet.SCHEMA.field("time").type
    return pc.and_(pc.greater_equal(times, pa.scalar(begin, kind)), pc.less(times, pa.scalar(end, kind)))
