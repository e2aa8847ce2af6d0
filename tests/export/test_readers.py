"""Who reads a delivery without Ahual: DuckDB, pandas, and a spreadsheet (LibreOffice).

`make readers` fetches the first two and runs this. It is skipped without them, and for the third where no `soffice` is
on PATH (Debian: libreoffice-calc-nogui).
"""

from __future__ import annotations

import importlib
import json
import math
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
import pytest

from schemas.delivery import CSV, FACTS, NDJSON, PARQUET, DeliveryRow
from schemas.facts import Fact
from services.cityscore.catalogue import load_catalogue
from services.export import facts, formats
from services.export.rows import of_period, rows
from tests.export.stored import CITY, DAY, value

THIRD: Final = 19.333333333333332
LARGE: Final = 2**53 + 1
"""No float holds it."""
PARTS: Final = {"safety": 1.5, "housing": None}
"""A KPI of several values, one of which is not known; `parts` is JSON."""


@pytest.fixture(scope="module")
def made() -> list[DeliveryRow]:
    """A day: a value that has no short decimal form, one of parts, and one that was never computed (1.8)."""
    found = {"2.1": value("2.1", THIRD, numerator=LARGE), "1.4": value("1.4", None, parts=PARTS)}
    return list(rows(of_period(load_catalogue(), DAY.period), CITY, DAY, found))


@pytest.fixture(scope="module")
def folder(made: list[DeliveryRow], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of that day."""
    place = tmp_path_factory.mktemp("delivery")
    for name, content in formats.to_files(made).items():
        (place / name).write_bytes(content)
    return place


def needs(name: str) -> Any:
    """A program's library."""
    return pytest.importorskip(name, reason=f"`make readers` fetches {name}")


def plain(moment: datetime) -> datetime:
    """In UTC, whatever zone the reader showed it in."""
    return moment.astimezone(UTC)


@pytest.mark.parametrize("name", [PARQUET, CSV, NDJSON])
def test_duckdb_reads_each_format_with_types_and_nulls(folder: Path, made: list[DeliveryRow], name: str) -> None:
    duckdb = needs("duckdb")
    wanted = "kpi, value, numerator, parts, revision, coverage, freshness"
    with duckdb.connect() as connection:
        text = {"dtype": {"kpi": "VARCHAR"}}  # in CSV 1.10 looks like a number
        read = {PARQUET: connection.read_parquet, NDJSON: connection.read_json, CSV: connection.read_csv}[name]
        table = read(str(folder / name), **(text if name == CSV else {}))
        by_code = {row[0]: row for row in table.project(wanted).fetchall()}
        moments = table.project('epoch_ms("begin"), epoch_ms("end")').distinct().fetchall()
    assert moments == [(DAY.begin.timestamp() * 1000, DAY.end.timestamp() * 1000)]
    assert list(by_code) == [row.kpi for row in made]
    assert by_code["2.1"][1:3] == (THIRD, LARGE)
    assert by_code["1.8"][1:4] == (None, None, None)
    assert json.loads(by_code["1.4"][3]) == PARTS
    assert (by_code["2.1"][4], by_code["1.8"][4], by_code["1.8"][6]) == (1, 0, "missing")


def test_pandas_reads_parquet_with_types_and_nulls(folder: Path, made: list[DeliveryRow]) -> None:
    pandas = needs("pandas")
    frame = pandas.read_parquet(folder / PARQUET, dtype_backend="numpy_nullable").set_index("kpi")
    assert list(frame.index) == [row.kpi for row in made]
    assert (frame.loc["2.1", "value"], frame.loc["2.1", "numerator"]) == (THIRD, LARGE)
    assert frame.loc["1.8", ["value", "numerator", "parts", "generated_at"]].isna().all()
    assert frame.loc["2.1", "begin"].to_pydatetime() == DAY.begin
    assert str(frame["numerator"].dtype) == "Int64"


def test_pandas_reads_csv_and_ndjson_to_the_last_digit(folder: Path, made: list[DeliveryRow]) -> None:
    pandas = needs("pandas")
    text = {"kpi": "string", "numerator": "Int64"}
    of_csv = pandas.read_csv(folder / CSV, dtype=text, parse_dates=["begin", "end"]).set_index("kpi")
    assert (of_csv.loc["2.1", "value"], of_csv.loc["2.1", "numerator"]) == (THIRD, LARGE)
    assert plain(of_csv.loc["2.1", "end"].to_pydatetime()) == DAY.end
    assert math.isnan(of_csv.loc["1.8", "value"])
    of_lines = pandas.read_json(folder / NDJSON, lines=True, dtype=text, precise_float=True).set_index("kpi")
    assert of_lines.loc["2.1", "value"] == THIRD
    assert json.loads(of_lines.loc["1.4", "parts"]) == PARTS


def test_raw_facts_are_read_with_their_letters(tmp_path: Path) -> None:
    duckdb, pandas = needs("duckdb"), needs("pandas")
    said = {"district": "Қазыбек би", "note": 'ғ, ә, ң; «тырнақша» "және" Ёлка'}
    told: dict[str, Any] = dict.fromkeys(Fact._fields)
    told |= {"time": DAY.begin, "stored_at": DAY.end, "type": "t", "source": "/karaganda/s/d", "id": "Өтініш-1"}
    told |= {"clockless": False, "batch": LARGE, "position": 1, "data": json.dumps(said, ensure_ascii=False)}
    path = tmp_path / FACTS
    with pq.ParquetWriter(path, facts.ARROW) as writer:
        facts._put(writer, [Fact(**told), Fact(**told | {"id": "2", "data": None})])
    with duckdb.connect() as connection:
        table = connection.read_parquet(str(path))
        found = table.project("id, data->>'district', data->>'note', batch, epoch_ms(time)").fetchall()
    assert found[0] == ("Өтініш-1", *said.values(), LARGE, DAY.begin.timestamp() * 1000)
    assert found[1][:3] == ("2", None, None)
    frame = pandas.read_parquet(path)
    assert json.loads(frame["data"][0]) == said
    assert frame["data"].isna().tolist() == [False, True]


def test_a_spreadsheet_opens_the_csv(folder: Path, made: list[DeliveryRow], tmp_path: Path) -> None:
    """As Excel does it: LibreOffice reads the CSV as UTF-8 into a workbook, whose cells are compared."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("no soffice on PATH (Debian: apt-get install --no-install-recommends libreoffice-calc-nogui)")
    openpyxl = importlib.import_module("openpyxl")
    columns = list(DeliveryRow.model_fields)
    as_text = columns.index("kpi") + 1  # else 1.10 becomes the number 1.1
    book = converted(office, folder / CSV, tmp_path, f"44,34,UTF8,1,{as_text}/2")
    sheet = [list(cells) for cells in openpyxl.load_workbook(book).active.iter_rows(values_only=True)]
    assert sheet[0] == columns
    assert len(sheet) == 1 + len(made)
    cells = {row[columns.index("kpi")]: dict(zip(columns, row, strict=True)) for row in sheet[1:]}
    assert list(cells) == [row.kpi for row in made]
    assert cells["2.1"]["value"] == pytest.approx(THIRD, rel=1e-14)  # a spreadsheet keeps 15 digits
    assert (cells["1.8"]["value"], cells["1.8"]["freshness"]) == (None, "missing")
    assert json.loads(cells["1.4"]["parts"]) == PARTS


def converted(office: str, path: Path, folder: Path, options: str) -> Path:
    """The workbook that LibreOffice makes of it, with a profile of its own."""
    argv = (office, f"-env:UserInstallation=file://{folder}/profile", "--headless", f"--infilter=CSV:{options}")
    subprocess.run(
        [*argv, "--convert-to", "xlsx", "--outdir", folder, path], check=True, capture_output=True, timeout=240
    )
    return folder / f"{path.stem}.xlsx"
