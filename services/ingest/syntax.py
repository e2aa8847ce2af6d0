"""JSON before its meaning: is it text, is it sound, what does it claim to be, where does each element begin and end."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from pydantic_core import from_json

from schemas.dead_letter import Reason
from services.ingest.errors import RejectedError

BLANK: Final = b" \t\r\n"
"""White space of RFC 8259."""


class Peek(msgspec.Struct, gc=False):
    """The envelope's members that decide about the rest; anything may stand where a string should."""

    type: Any = None
    id: Any = None
    source: Any = None
    time: Any = None
    clockless: Any = None
    supersedesid: Any = None
    data: msgspec.Raw = msgspec.Raw(b"null")

    @property
    def retracts(self) -> bool:
        """Whether this supersedes an event and puts nothing in its place."""
        return self.supersedesid is not None and bytes(self.data) == b"null"


_PEEK: Final = msgspec.json.Decoder(Peek)
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def require_text(payload: bytes, max_bytes: int) -> None:
    """Not too large, UTF-8 and not blank; RejectedError else."""
    if len(payload) > max_bytes:
        detail = f"{len(payload)} bytes, at most {max_bytes} are taken: send fewer events in one message"
        raise RejectedError(Reason.OVERSIZED, detail)
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        detail = f"byte {error.start} is not UTF-8; JSON is sent in UTF-8 (RFC 8259)"
        raise RejectedError(Reason.INVALID_UTF8, detail) from error
    if not text or text.isspace():
        raise RejectedError(Reason.EMPTY, "nothing in it: send one CloudEvents object or an array of them")


def split(payload: bytes, max_items: int) -> list[bytes]:
    """The elements of an array, each as its own bytes; RejectedError when it is none, empty or too long."""
    try:
        items = _ITEMS.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        raise defect(payload) or rejection(error) from error
    if not items:
        raise RejectedError(Reason.EMPTY, "an array without events")
    if len(items) > max_items:
        raise RejectedError(Reason.OVERSIZED, f"{len(items)} events in one array, at most {max_items} are taken")
    return [bytes(item) for item in items]


def peek(raw: bytes) -> Peek:
    """What one event claims to be; RejectedError when it is no JSON object."""
    try:
        return _PEEK.decode(raw)
    except (msgspec.DecodeError, RecursionError) as error:
        raise rejection(error) from error


def defect(raw: bytes) -> RejectedError | None:
    """Why this is not complete JSON of a bearable depth, if so. Slow, so only asked once something is wrong."""
    try:
        from_json(raw, allow_inf_nan=False)
    except ValueError as error:
        return rejection(error)
    return None


def with_members(raw: bytes, members: Mapping[str, Any]) -> bytes:
    """The object with these members, in place of an explicit null too; RejectedError when it cannot be read."""
    try:
        return msgspec.json.encode({**_OBJECT.decode(raw), **members})
    except (msgspec.DecodeError, RecursionError) as error:
        raise rejection(error) from error


_AT: Final = re.compile(r" - at `(?P<path>[^`]*)`$")


def rejection(error: Exception) -> RejectedError:
    """What a parser's complaint means to the sender."""
    text = str(error)
    if isinstance(error, RecursionError) or "recursion limit" in text:
        return RejectedError(Reason.TOO_DEEP, "nested too deeply: an event is an object with flat data")
    if not isinstance(error, msgspec.ValidationError):
        return RejectedError(Reason.MALFORMED_JSON, f"not JSON: {text.removeprefix('Invalid JSON: ')[:300]}")
    place = _AT.search(text)
    if place is None:
        return RejectedError(Reason.NOT_AN_EVENT, f"{text[:300]}: an event is a JSON object (CloudEvents 1.0)")
    return RejectedError(Reason.INVALID_FIELD, _AT.sub("", text)[:300], place["path"][:200])
