"""What is wrong with a file or a row, in the language of whoever filled it in: where, what, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from services.ingest.files.reading import FileError
from services.ingest.files.rows import Problem
from services.runtime.messages import Language, room, text

_NAMES = ("earlier", "later")
"""Parameters that are fields, and are shown by their names."""


def told(problem: Problem, lang: Language) -> dict[str, Any]:
    """The problem as JSON; `row` and `column` as the spreadsheet shows them."""
    known = {name: label(str(value), lang) if name in _NAMES else value for name, value in problem.params.items()}
    column = problem.column if problem.column is not None else problem.params.get("column")
    return {
        "table": problem.table,
        "row": problem.row,
        "column": letters(column) if isinstance(column, int) else None,
        "field": problem.field,
        "title": label(problem.field, lang) if problem.field else None,
        "code": problem.code,
        "message": _message(problem.code, lang, known),
    }


def line(problem: Mapping[str, Any], lang: Language) -> str:
    """The same in one line."""
    column = f", {text('files.column', lang, letters=problem['column'])}" if problem["column"] else ""
    title = f" ({problem['title']})" if problem["title"] else ""
    where = text("files.row", lang, table=problem["table"], row=problem["row"])
    return f"{where}{column}{title}: {problem['message']}"


def of_file(error: FileError, lang: Language) -> str:
    """Why a file as a whole cannot be read."""
    return text(f"files.file_{error.code}", lang, **error.params)


def label(field: str, lang: Language) -> str:
    """A field's name for people."""
    return text(f"fields.{field}", lang) if field in room("fields") else field


def letters(column: int) -> str:
    """A column's letters: 0 is A, 26 is AA."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _message(code: str, lang: Language, params: Mapping[str, Any]) -> str:
    if code.startswith("reason_"):
        return text(f"ingest.{code}", lang)
    if code.startswith("rule_"):
        return of_rule(code.removeprefix("rule_"), lang, params)
    return text(f"files.{code}", lang, **params)


def of_rule(rule: str, lang: Language, params: Mapping[str, Any]) -> str:
    """A rule of a contract (rules.yaml); its English is the contract's, which begins in small letters."""
    words = text(f"rules.{rule}", lang, **params)
    return text("files.row_invalid", lang, detail=words) if lang == "en" else words


def summary(problems: Sequence[Problem], lang: Language) -> list[dict[str, Any]]:
    """All of them, in their order."""
    return [told(problem, lang) for problem in problems]
