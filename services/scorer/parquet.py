"""Files of the archive: Parquet with a row per event, written under a temporary name, read back by row groups.

A file is never changed. What is in it is compared by a `Digest`, which the ledger's rows give too.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import file_digest
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

ROWS: Final = 50_000
"""Of a row group: what is held in memory at once, some 50 MB."""
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
_MOMENT: Final = pa.timestamp("us", tz="UTC")
SCHEMA: Final = pa.schema(
    [
        ("time", _MOMENT),
        ("stored_at", _MOMENT),
        ("source", _TEXT),
        ("id", pa.string()),
        ("type", _TEXT),
        ("cluster", _TEXT),
        ("topic_id", _TEXT),
        ("partition", pa.int16()),
        ("first_offset", pa.int64()),
        ("last_offset", pa.int64()),
        ("batch", pa.int64()),
        ("position", pa.int32()),
        ("id_hash", pa.int64()),
        ("content_hash", pa.int64()),
        ("body", pa.binary()),
    ]
)
"""The offsets are those of the event's batch: the ledger keeps no others (docs/adr/0009-ledger-form.md)."""


class Row(NamedTuple):
    """One archived event; the fields are the columns."""

    time: datetime
    stored_at: datetime
    source: str
    id: str
    type: str
    cluster: str
    topic_id: str
    partition: int
    first_offset: int
    last_offset: int
    batch: int
    position: int
    id_hash: int
    content_hash: int
    body: bytes


_31_BITS: Final = (1 << 31) - 1
_64_BITS: Final = 1 << 64


@dataclass(slots=True)
class Digest:
    """What tells two sets of events apart, whatever their order: their number, and sums over identity, time, content.

    `LEDGER` is the same as an SQL expression.
    """

    count: int = 0
    identities: int = 0
    contents: int = 0
    times: int = 0

    def add(self, id_hash: NDArray[np.int64], time_us: NDArray[np.int64], content_hash: NDArray[np.int64]) -> None:
        """Add these events; `time_us` counts from 1970."""
        self.count += len(id_hash)
        ids = (id_hash & _31_BITS).astype(np.uint64)
        self.identities ^= int(np.bitwise_xor.reduce(id_hash, initial=0))
        self.contents = self._sum(self.contents, ids * (content_hash & _31_BITS).astype(np.uint64))
        self.times = self._sum(self.times, ids * (time_us & _31_BITS).astype(np.uint64))

    @staticmethod
    def _sum(known: int, products: NDArray[np.uint64]) -> int:
        return (known + int(np.add.reduce(products, initial=0))) % _64_BITS  # numpy's sum wraps in the same way


LEDGER_DIGEST: Final = f"""
    count(*) AS count, coalesce(bit_xor(id_hash), 0) AS identities,
    coalesce(sum(((id_hash & {_31_BITS}) * (content_hash & {_31_BITS}))::numeric), 0) % {_64_BITS} AS contents,
    coalesce(sum(((id_hash & {_31_BITS}) * ((extract(epoch FROM time) * 1000000)::bigint & {_31_BITS}))::numeric), 0)
      % {_64_BITS} AS times
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A finished file."""

    path: Path
    rows: int
    bytes: int
    sha256: str
    digest: Digest


@dataclass(slots=True)
class Writer:
    """Takes rows, and keeps no more of them than a row group."""

    _parquet: Any
    _rows: list[Row] = field(default_factory=list)
    count: int = 0

    def add(self, rows: Iterable[Row]) -> None:
        """Append rows."""
        self._rows.extend(rows)
        while len(self._rows) >= ROWS:
            self._write(self._rows[:ROWS])
            del self._rows[:ROWS]

    def finish(self) -> None:
        """Write what is left, and the footer."""
        if self._rows:
            self._write(self._rows)
        self._parquet.close()

    def _write(self, rows: Sequence[Row]) -> None:
        columns = zip(*rows, strict=True)
        arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
        self._parquet.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA), row_group_size=ROWS)
        self.count += len(rows)


@contextmanager
def writing(folder: Path) -> Iterator[tuple[Writer, Path]]:
    """A writer on a temporary file in the folder; the file is on disk when the block ends, and gone if it fails."""
    folder.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=folder, prefix=".", suffix=".tmp", delete=False) as file:
        path = Path(file.name)
        try:
            writer = Writer(pq.ParquetWriter(file, SCHEMA, compression="zstd"))
            yield writer, path
            writer.finish()
            file.flush()
            sync(file.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise


def publish(temporary: Path, path: Path) -> None:
    """Give a file its name, so that it stays after a power cut."""
    temporary.chmod(0o640)
    temporary.rename(path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync(descriptor: int) -> None:
    """Wait for the disk."""
    os.fsync(descriptor)


def describe(path: Path) -> Written:
    """Read a file back: what is in it, not what was meant to be. OSError or pyarrow's errors when it is unreadable."""
    digest = Digest()
    for table in tables(path, ("time", "id_hash", "content_hash", "body")):
        times = table["time"].cast(pa.int64()).to_numpy()
        digest.add(table["id_hash"].to_numpy(), times, table["content_hash"].to_numpy())
    return Written(path, digest.count, path.stat().st_size, sha256(path), digest)


def tables(path: Path, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """The file's row groups as tables, in the order of batches and positions."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns=list(columns) if columns else None)


def row_group(path: Path, number: int) -> Any:
    """One of them, with all columns."""
    with pq.ParquetFile(path) as file:
        return file.read_row_group(number)


def of_table(table: Any) -> Iterator[Row]:
    """Its rows."""
    return (Row(*values) for values in zip(*(table[name].to_pylist() for name in SCHEMA.names), strict=True))


def sha256(path: Path) -> str:
    """Of the whole file, as `sha256sum` prints it."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
