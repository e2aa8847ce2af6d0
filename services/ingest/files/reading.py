"""From a file's bytes to tables, whatever the bytes are: CSV in the encodings and with the separators that are met,
XLSX within bounds.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.ingest.files.cells import Cell

MAX_ROWS: Final = 20_000
"""Of one file, all its tables together."""
MAX_COLUMNS: Final = 100
MAX_TEXT: Final = 1000
"""Characters of one cell."""
MAX_UNPACKED: Final = 64 * 2**20
"""Bytes an XLSX may have when unpacked."""
MAX_PARTS: Final = 500
"""Files inside an XLSX."""
GUIDE: Final = "ahual"
"""The sheet with explanations in our own templates; it is not read."""
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_DOCTYPES: Final = (b"<!DOCTYPE", b"<!ENTITY", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))


class FileError(ValueError):
    """The file as a whole cannot be read: the end of a message's name, `files.file_…`, and what it needs."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty; `number` as the spreadsheet shows it."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet, or a CSV file: its header and what stands below."""

    name: str
    header: Row
    rows: Sequence[Row]


def read(content: bytes, name: str) -> list[Table]:
    """The tables of a file; FileError says why it cannot be read. `name` is the file's, for tables that have none."""
    if content[:4] == _OLD_OFFICE:
        raise FileError("old_excel")
    if content[:2] == b"PK":
        tables = _of_workbook(content)
    else:
        tables = [_of_rows(re.sub(r"\.\w+$", "", name), _csv_rows(content))]
    filled = [table for table in tables if table.rows]
    if not filled:
        raise FileError("empty")
    if sum(len(table.rows) for table in filled) > MAX_ROWS:
        raise FileError("too_many_rows", limit=MAX_ROWS)
    return filled


def _of_rows(name: str, rows: Iterable[tuple[int, Sequence[Cell]]]) -> Table:
    kept: list[Row] = []
    for number, cells in rows:
        bare = _without_tail(cells)
        if len(bare) > MAX_COLUMNS:
            raise FileError("too_many_columns", limit=MAX_COLUMNS, row=number)
        if any(isinstance(cell, str) and len(cell) > MAX_TEXT for cell in bare):
            raise FileError("too_long", limit=MAX_TEXT, row=number)
        if bare:
            kept.append(Row(number, bare))
        if len(kept) > MAX_ROWS + 1:
            raise FileError("too_many_rows", limit=MAX_ROWS)
    return Table(name, kept[0], kept[1:]) if kept else Table(name, Row(1, ()), ())


def _without_tail(cells: Sequence[Cell]) -> Sequence[Cell]:
    end = len(cells)
    while end and (cells[end - 1] is None or (isinstance(cells[end - 1], str) and not str(cells[end - 1]).strip())):
        end -= 1
    return cells[:end]


def _csv_rows(content: bytes) -> Iterator[tuple[int, Sequence[Cell]]]:
    text = decode(content)
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r"sep=(.)\s*", first)
    separator = named[1] if named else _separator(first)
    lines = csv.reader(io.StringIO(rest if named else text, newline=""), delimiter=separator, strict=True)
    offset = 1 if named else 0
    try:
        for cells in lines:
            yield lines.line_num + offset, cells
    except csv.Error:
        raise FileError("csv", row=lines.line_num + offset) from None


def decode(content: bytes) -> str:
    """The text of a CSV: UTF-8 with or without its mark, UTF-16 with it, else Windows-1251 with the Kazakh letters.

    The last takes nearly any bytes, so what is no text at all is told by its control characters.
    """
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        try:
            text = content.decode("kz1048")
        except UnicodeDecodeError:
            raise FileError("encoding") from None
    if re.search(r"[\x00-\x08\x0e-\x1f]", text):
        raise FileError("not_a_table")
    return text


def _separator(header: str) -> str:
    outside = re.sub(r'"[^"]*"', "", header)
    return max(";,\t", key=outside.count)


def _of_workbook(content: bytes) -> list[Table]:
    from openpyxl import load_workbook  # noqa: PLC0415 -- a gateway that gets no files does not pay for it

    _require_bounded(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        return [_of_sheet(sheet) for sheet in book.worksheets if sheet.title.casefold() != GUIDE]
    except FileError:
        raise
    except Exception as error:  # a damaged workbook fails in as many ways as its reader has lines
        raise FileError("damaged") from error


def _of_sheet(sheet: Any) -> Table:
    sheet.reset_dimensions()  # what a file says of its own size need not be true
    return _of_rows(sheet.title, ((number, _values(cells)) for number, cells in enumerate(sheet.iter_rows(), 1)))


def _values(cells: Sequence[Any]) -> list[Cell]:
    return [f"={cell.value}" if cell.data_type == "f" else cell.value for cell in cells]


def _require_bounded(content: bytes) -> None:
    """Unpacked it stays within bounds, and its XML declares no entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise FileError("too_large_inside", limit=MAX_UNPACKED // 2**20)
            if not any(part.filename == "xl/workbook.xml" for part in parts):
                raise FileError("not_excel")
            for part in parts:
                with archive.open(part) as opened:
                    if any(mark in opened.read(4096) for mark in _DOCTYPES):
                        raise FileError("damaged")
    except FileError:
        raise
    except Exception as error:  # its reader fails in many ways too: offsets below zero, names that are no text
        raise FileError("damaged") from error
