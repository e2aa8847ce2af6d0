"""A department's file over HTTP: all of its rows are taken in, or none.

A row that is wrong becomes no dead letter: its sender is told at once, and nothing of the file is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar

from fastapi.responses import JSONResponse

from services.ingest.files.reading import read
from services.ingest.files.rows import Taken, Terms, take
from services.ingest.files.telling import summary
from services.runtime.messages import Language

CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
T = TypeVar("T")


def take_file(content: bytes, name: str, terms: Terms) -> Taken:
    """The events of a file, or what is wrong with its rows; FileError when it cannot be read at all."""
    return take(read(content, name), terms)


def file_answer(taken: Taken | None, lang: Language, *, check: bool, message: str | None = None) -> JSONResponse:
    """What became of a file. `accepted`: Kafka has the events of so many rows."""
    problems = summary(taken.problems, lang) if taken else []
    good = taken is not None and not problems
    body = {
        "rows": taken.rows if taken else 0,
        "accepted": len(taken.events) if taken and good and not check else 0,
        "checked_only": check,
        "message": message,
        "problems": problems,
    }
    return JSONResponse(body, 200 if good else 422, {"Content-Language": lang, "Cache-Control": "no-store"})


def batched(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The items in pieces."""
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def files_openapi() -> dict[str, Any]:
    """The endpoint's part of the OpenAPI document that its signature does not tell."""
    binary = {"schema": {"type": "string", "format": "binary"}}
    return {
        "security": [{"bearer": []}],
        "requestBody": {"required": True, "content": {CSV: binary, XLSX: binary}},
        "responses": {
            "200": {"description": "All rows are good; unless only checked, Kafka has them"},
            "422": {"description": "Nothing was taken in: see `problems`, or `message`"},
            "401": {"description": "No key, or an unknown one"},
            "403": {"description": "The key was revoked"},
            "413": {"description": "The file is too large"},
            "429": {"description": "Over the quota: nothing was taken; see Retry-After"},
            "503": {"description": "Kafka did not confirm: send the same file again"},
        },
    }
