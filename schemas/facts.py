"""Raw facts as they leave the house: every event of a period, without anything that identifies a person.

Only fields that a contract names, and does not mark as personal, are let out; so what is not known is not let out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from schemas.events.envelope import Data
from schemas.events.registry import EVENT_TYPES
from schemas.personal import personal_fields


class Page(NamedTuple):
    """Some of what one transaction stored; of its events those with begin <= time < end are meant."""

    begin: datetime
    end: datetime
    batch: int
    """Of the ledger."""
    stored_at: datetime
    bodies: list[tuple[int, bytes]]
    """Position in the batch, and canonical bytes."""


class Fact(NamedTuple):
    """One event; the fields are the columns."""

    time: datetime
    stored_at: datetime
    type: str
    source: str
    id: str
    subject: str | None
    sequence: str | None
    recordedtime: datetime | None
    clockless: bool
    supersedesid: str | None
    supersedestime: datetime | None
    data: str | None
    """JSON; null: a retraction of the superseded event."""
    batch: int
    """With `position` the event's place in the ledger, by which the rows are ordered within a class and a day (UTC)."""
    position: int


class _Body(msgspec.Struct):
    time: datetime
    type: str
    source: str
    id: str
    data: dict[str, Any] | None = None
    subject: str | None = None
    sequence: str | None = None
    recordedtime: datetime | None = None
    clockless: bool = False
    supersedesid: str | None = None
    supersedestime: datetime | None = None


_decode: Final = msgspec.json.Decoder(_Body).decode
_encode: Final = msgspec.json.Encoder().encode


def shareable(model: type[Data]) -> frozenset[str]:
    """The fields of an event's data that say nothing of a person."""
    return frozenset(model.model_fields.keys() - personal_fields(model).keys())


SHAREABLE: Final[Mapping[str, frozenset[str]]] = {name: shareable(model) for name, model in EVENT_TYPES.items()}
_NOTHING: Final[frozenset[str]] = frozenset()


def facts(page: Page, city: str) -> Iterator[Fact]:
    """The city's facts of a page, in its order."""
    of_city = f"/{city}/"
    for position, raw in page.bodies:
        body = _decode(raw)
        if body.source.startswith(of_city) and page.begin <= body.time < page.end:
            yield _fact(body, page, position)


def _fact(body: _Body, page: Page, position: int) -> Fact:
    let_out = SHAREABLE.get(body.type, _NOTHING)
    data = None if body.data is None else {name: value for name, value in body.data.items() if name in let_out}
    return Fact(
        time=body.time,
        stored_at=page.stored_at,
        type=body.type,
        source=body.source,
        id=body.id,
        subject=body.subject,
        sequence=body.sequence,
        recordedtime=body.recordedtime,
        clockless=body.clockless,
        supersedesid=body.supersedesid,
        supersedestime=body.supersedestime,
        data=None if data is None else _encode(data).decode(),
        batch=page.batch,
        position=position,
    )


def data_schemas() -> dict[str, Any]:
    """Event type → JSON Schema of `data` as it is let out."""
    return {name: _schema(model) for name, model in sorted(EVENT_TYPES.items())}


def _schema(model: type[Data]) -> dict[str, Any]:
    schema = model.model_json_schema(mode="serialization")
    let_out = shareable(model)
    schema["properties"] = {name: one for name, one in schema["properties"].items() if name in let_out}
    schema["required"] = [name for name in schema.get("required", ()) if name in let_out]
    return schema
