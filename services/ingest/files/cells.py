"""From a cell, as people and spreadsheets write it, to a value of an event."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.ingest.files.columns import Column

Cell = str | int | float | bool | datetime | date | time | timedelta | None
HERE: Final = ZoneInfo("Asia/Almaty")
"""All Kazakhstan has one time since 1 March 2024; what is written without a zone is meant in it."""
DUE: Final = "due_at"
"""A date alone in this column is meant with its whole day; in any other the day's beginning."""
_YES: Final = frozenset({"1", "+", "yes", "true", "y", "да", "истина", "иә", "ия", "ақиқат"})
_NO: Final = frozenset({"0", "-", "no", "false", "n", "нет", "ложь", "жоқ", "жалған"})
_LOCAL: Final = re.compile(
    r"(?P<day>\d{1,2})[./](?P<month>\d{1,2})[./](?P<year>\d{4})"
    r"(?:[ T]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?"
)
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 -- Excel counts local days from here
_SERIALS: Final = (29_221, 401_769)
"""1980 to 2999 as Excel numbers days."""


class CellError(ValueError):
    """What is wrong with a cell: the end of a message's name, `files.cell_…`, and what it needs."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def parse(cell: Cell, column: Column) -> Any:
    """The value for the event's JSON, None for an empty cell. CellError when the cell is none."""
    if isinstance(cell, str):
        cell = cell.strip().strip("\ufeff\u200b")
        if cell.startswith("="):
            raise CellError("formula")
    if cell is None or cell == "":
        return None
    return _PARSERS[column.kind](cell, column)


def _text(cell: Cell, _: Column) -> str:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise CellError("text")
    if isinstance(cell, float):
        if not cell.is_integer():
            raise CellError("text")
        cell = int(cell)
    return str(cell)


def _whole(cell: Cell, column: Column) -> int:
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise CellError("number")
    written = str(cell).replace(",", ".") if isinstance(cell, str) else repr(cell)
    try:
        number = Decimal(re.sub(r"[\s\u00a0\u202f']", "", written)) * column.factor
    except InvalidOperation:
        raise CellError("number") from None
    if not number.is_finite() or abs(number) > 10**18:
        raise CellError("number")
    if number != number.to_integral_value():
        raise CellError("whole" if column.factor == 1 else "too_precise")
    return int(number)


def _flag(cell: Cell, _: Column) -> bool:
    if isinstance(cell, bool):
        return cell
    word = str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell).casefold()
    if word in _YES or word in _NO:
        return word in _YES
    raise CellError("flag")


def _choice(cell: Cell, column: Column) -> str | int:
    word = _text(cell, column).casefold()
    found = next((choice for choice in column.choices if str(choice).casefold() == word), None)
    if found is None:
        raise CellError("choice", choices=", ".join(map(str, column.choices)))
    return found


def _moment(cell: Cell, column: Column) -> str:
    moment, whole_day = _local(cell)
    if whole_day and column.field == DUE:
        moment += timedelta(days=1) - timedelta(microseconds=1)
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=HERE)
    if not 1980 <= zoned.year < 3000:
        raise CellError("moment")
    return zoned.isoformat()


def _local(cell: Cell) -> tuple[datetime, bool]:
    """The moment, and whether only its day was written."""
    if isinstance(cell, datetime):
        return cell, cell.time() == time() and cell.tzinfo is None
    if isinstance(cell, date):
        return datetime.combine(cell, time()), True
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _of_serial(float(cell))
    if not isinstance(cell, str):
        raise CellError("moment")
    return _of_text(cell)


def _of_serial(number: float) -> tuple[datetime, bool]:
    if not _SERIALS[0] <= number < _SERIALS[1]:
        raise CellError("moment")
    return _EPOCH + timedelta(seconds=round(number * 86_400)), number.is_integer()


def _of_text(written: str) -> tuple[datetime, bool]:
    found = _LOCAL.fullmatch(written)
    try:
        if found:
            part = {name: int(value) for name, value in found.groupdict(default="0").items()}
            return datetime(**part), found["hour"] is None  # type: ignore[arg-type]  # noqa: DTZ001 -- zoned by the caller
        if re.fullmatch(r"\d{5,6}(\.\d+)?", written):
            return _of_serial(float(written))
        return datetime.fromisoformat(written), len(written) == len("2026-03-31")
    except ValueError:
        raise CellError("moment") from None


_PARSERS: Final = {"text": _text, "whole": _whole, "flag": _flag, "choice": _choice, "moment": _moment}
