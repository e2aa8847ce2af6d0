"""Empty tables for a system's departments, in their language: a workbook with a sheet per event, or one CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Final

from schemas.events.envelope import Data
from services.ingest.files.columns import Column, columns_of, row_key, types_of
from services.ingest.files.reading import GUIDE, MAX_ROWS
from services.runtime.messages import Language, text

_GUIDE_LINES: Final = 5
_SHEET_NAME: Final = 31
"""Characters that Excel allows."""


def columns_shown(data: type[Data]) -> list[Column]:
    """A template's columns: the record number where a row needs one, the type's own, then those for corrections."""
    own = columns_of(data)
    needed = [] if row_key(data) else [Column("id", "text", required=True)]
    moments = any(column.kind == "moment" and column.required for column in own)
    when = [] if moments else [Column("time", "moment", required=True)]
    ordered = sorted(own, key=lambda column: not column.required)
    return [*needed, *when, *ordered, Column("revision", "whole"), Column("withdrawn", "flag")]


def header(data: type[Data], lang: Language) -> list[str]:
    """Their titles; a star marks what is needed."""
    return [column.label(lang) + ("*" if column.required else "") for column in columns_shown(data)]


def csv_template(data: type[Data], lang: Language) -> bytes:
    """One event type: UTF-8 with its mark and semicolons, as Excel in Kazakhstan opens and saves it."""
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow(header(data, lang))
    return out.getvalue().encode("utf-8-sig")


def workbook(system: str, lang: Language) -> bytes:
    """All event types of a system, a sheet each, behind a sheet that explains."""
    from openpyxl import Workbook  # noqa: PLC0415 -- as in reading

    book = Workbook()
    _explain(book.active, lang)
    for short, data in types_of(system).items():
        _fill(book.create_sheet(short[:_SHEET_NAME]), data, lang)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _explain(sheet: Any, lang: Language) -> None:
    sheet.title = GUIDE
    sheet.append([text("files.guide_title", lang)])
    for number in range(1, _GUIDE_LINES + 1):
        sheet.append([text(f"files.guide_{number}", lang)])
    sheet.column_dimensions["A"].width = 120


def _fill(sheet: Any, data: type[Data], lang: Language) -> None:
    from openpyxl.comments import Comment  # noqa: PLC0415
    from openpyxl.styles import Font  # noqa: PLC0415

    shown = columns_shown(data)
    sheet.append(header(data, lang))
    sheet.freeze_panes = "A2"
    for place, column in enumerate(shown, 1):
        cell = sheet.cell(1, place)
        cell.font = Font(bold=column.required)
        sheet.column_dimensions[cell.column_letter].width = max(14, len(str(cell.value)) + 2)
        if column.kind == "moment":
            sheet.column_dimensions[cell.column_letter].number_format = "dd.mm.yyyy hh:mm"
        _offer(sheet, cell.column_letter, column)
    sheet.cell(1, 1).comment = Comment(data.title[lang], "Ahual")


def _offer(sheet: Any, letter: str, column: Column) -> None:
    """A list to choose from."""
    from openpyxl.worksheet.datavalidation import DataValidation  # noqa: PLC0415

    choices: Sequence[str | int] = column.choices
    listed = ",".join(map(str, choices))
    if choices and len(listed) < 250:  # Excel's own limit is 255
        rule = DataValidation(type="list", formula1=f'"{listed}"', allow_blank=True)
        rule.add(f"{letter}2:{letter}{MAX_ROWS + 1}")
        sheet.add_data_validation(rule)
