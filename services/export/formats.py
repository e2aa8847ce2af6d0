"""Rows as bytes: Parquet, CSV (UTF-8, RFC 4180) and NDJSON. The same rows are always the same bytes. Pure."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.delivery import CSV, NDJSON, PARQUET, SCHEMA, DeliveryRow, row_schema

_MOMENT: Final = pa.timestamp("us", tz="UTC")
_ARROW: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("begin", "end", "generated_at"), _MOMENT),
    **{name: pa.float64() for name in ("value", "scale", "attainment", "coverage")},
    **{name: pa.int64() for name in ("numerator", "denominator", "weight", "initiative", "revision")},
}
ARROW: Final = pa.schema([(name, _ARROW.get(name, pa.string())) for name in DeliveryRow.model_fields])


def to_files(rows: Sequence[DeliveryRow]) -> dict[str, bytes]:
    """File name → content, of all formats and their schema."""
    return {CSV: to_csv(rows), NDJSON: to_ndjson(rows), PARQUET: to_parquet(rows), SCHEMA: schema()}


@cache
def schema() -> bytes:
    """The JSON Schema of a row."""
    return encoded(row_schema())


def encoded(schema: Mapping[str, Any]) -> bytes:
    """A JSON Schema as it is delivered."""
    return json.dumps(schema, ensure_ascii=False, indent=2).encode() + b"\n"


def to_csv(rows: Sequence[DeliveryRow]) -> bytes:
    """With a header line and CRLF; numbers have a point, moments are RFC 3339."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(DeliveryRow.model_fields)
    writer.writerows([_cell(value) for value in row.model_dump().values()] for row in rows)
    return written.getvalue().encode()


def to_ndjson(rows: Sequence[DeliveryRow]) -> bytes:
    """One JSON object per line."""
    return b"".join(row.model_dump_json().encode() + b"\n" for row in rows)


def to_parquet(rows: Sequence[DeliveryRow]) -> bytes:
    """One row group; the bytes depend on the rows and on pyarrow's version, which is pinned."""
    columns = {name: [getattr(row, name) for row in rows] for name in DeliveryRow.model_fields}
    table = pa.table({name: [_plain(value) for value in values] for name, values in columns.items()}, schema=ARROW)
    written = io.BytesIO()
    pq.write_table(table, written, compression="zstd")
    return written.getvalue()


def from_parquet(content: bytes) -> list[DeliveryRow]:
    """The rows again. pyarrow's or pydantic's errors when they are none."""
    return [DeliveryRow.model_validate(row) for row in pq.read_table(io.BytesIO(content)).to_pylist()]


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return repr(value) if isinstance(value, float) else value
