"""Raw facts as a Parquet file: a row per event, a row group at a time, so that a month needs no month's memory.

Where they come from is handed in by whoever starts the export: services do not import each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.facts import Fact, Page, facts
from services.export import folder

ROWS: Final = 50_000
"""Of a row group: what is held in memory at once."""
_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
_MOMENT: Final = pa.timestamp("us", tz="UTC")
ARROW: Final = pa.schema(
    [
        ("time", _MOMENT),
        ("stored_at", _MOMENT),
        ("type", _TEXT),
        ("source", _TEXT),
        ("id", pa.string()),
        ("subject", pa.string()),
        ("sequence", pa.string()),
        ("recordedtime", _MOMENT),
        ("clockless", pa.bool_()),
        ("supersedesid", pa.string()),
        ("supersedestime", _MOMENT),
        ("data", pa.string()),
        ("batch", pa.int64()),
        ("position", pa.int32()),
    ]
)


class Facts(Protocol):
    """Reads the ledger and its archive."""

    def read(self, begin: datetime, end: datetime) -> AsyncIterator[Page]:
        """Every event of begin <= time < end, always in the same order; LookupError when not all can be read now."""


MakeFacts = Callable[[AsyncEngine], Facts]


class Written(NamedTuple):
    """What is in a file of facts."""

    rows: int
    newest: datetime | None
    """When the last of them was stored."""


async def write(path: Path, told: Facts, city: str, begin: datetime, end: datetime) -> Written:
    """Write the city's facts of begin <= time < end into a new file, on disk when it returns."""
    rows: list[Fact] = []
    count, newest = 0, None
    with path.open("xb") as file:
        with pq.ParquetWriter(file, ARROW, compression="zstd") as writer:
            async for page in told.read(begin, end):
                found = list(facts(page, city))
                rows += found
                if found:
                    newest = max(newest or page.stored_at, page.stored_at)
                while len(rows) >= ROWS:
                    count += _put(writer, rows[:ROWS])
                    del rows[:ROWS]
            count += _put(writer, rows)
        folder.sync(file)
    return Written(count, newest)


def _put(writer: Any, rows: Sequence[Fact]) -> int:
    if rows:
        columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), ARROW.types, strict=True)]
        writer.write_table(pa.Table.from_arrays(columns, schema=ARROW), row_group_size=ROWS)
    return len(rows)


def read(path: Path) -> Iterator[Fact]:
    """The rows of such a file. OSError or pyarrow's errors when it is none."""
    with pq.ParquetFile(path) as file:
        for number in range(file.num_row_groups):
            table = file.read_row_group(number)
            yield from (Fact(*values) for values in zip(*(table[n].to_pylist() for n in ARROW.names), strict=True))
