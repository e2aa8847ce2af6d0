"""Rows as bytes: what other programs read of them, and that the same rows are the same bytes."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import jsonschema
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.delivery import CSV, NDJSON, PARQUET, SCHEMA, DeliveryRow
from services.cityscore.catalogue import load_catalogue
from services.export import formats
from services.export.rows import of_period, rows
from tests.export.stored import CITY, DAY, value

KPIS = of_period(load_catalogue(), DAY.period)
PARTS = {"safety": 1.5, "housing": None}


def some(number: float | None = 19.25, **other: Any) -> list[DeliveryRow]:
    found = {"2.1": value("2.1", number, **other), "1.4": value("1.4", None, parts=PARTS)}
    return list(rows(KPIS, CITY, DAY, found))


def test_every_kpi_of_the_period_has_a_row_computed_or_not() -> None:
    made = some()
    assert [row.kpi for row in made] == [kpi.code for _, kpi in KPIS]
    absent = next(row for row in made if row.kpi == "1.8")
    assert (absent.value, absent.revision, absent.generated_at, absent.freshness) == (None, 0, None, "missing")
    assert json.loads(absent.target or "") == {"op": ">=", "stated": [], "value": 85.0}


def test_the_three_formats_say_the_same() -> None:
    made = some()
    files = formats.to_files(made)
    lines = [json.loads(line) for line in files[NDJSON].splitlines()]
    assert lines == [row.model_dump(mode="json") for row in made]
    assert formats.from_parquet(files[PARQUET]) == made
    cells = list(csv.DictReader(io.StringIO(files[CSV].decode(), newline="")))
    assert [(c["kpi"], c["value"], c["parts"]) for c in cells] == [
        (r.kpi, "" if r.value is None else repr(r.value), r.parts or "") for r in made
    ]
    assert files[CSV].count(b"\r\n") == len(made) + 1  # RFC 4180 ends every record with CRLF


def test_every_line_follows_the_schema_and_the_schema_refuses_what_is_wrong() -> None:
    files = formats.to_files(some())
    schema = json.loads(files[SCHEMA])
    for line in files[NDJSON].splitlines():
        jsonschema.validate(json.loads(line), schema)
    wrong = json.loads(files[NDJSON].splitlines()[0]) | {"freshness": "excellent"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(0, 2**62))
def test_numbers_survive_every_format_and_bytes_repeat(number: float, numerator: int) -> None:
    made = some(number, numerator=numerator)
    files = formats.to_files(made)
    assert files == formats.to_files(made)
    cell = next(c for c in csv.DictReader(io.StringIO(files[CSV].decode(), newline="")) if c["kpi"] == "2.1")
    assert (float(cell["value"]), int(cell["numerator"])) == (number, numerator)
    assert formats.from_parquet(files[PARQUET]) == made


def test_columns_are_typed_in_parquet() -> None:
    schema = pq.read_schema(io.BytesIO(formats.to_parquet(some())))
    assert {str(schema.field(name).type) for name in ("begin", "end", "generated_at")} == {"timestamp[us, tz=UTC]"}
    assert str(schema.field("numerator").type) == "int64"
