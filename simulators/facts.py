"""A fact as a device or a department states it, and the CloudEvent that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from simulators.moments import rfc3339
from simulators.timestamps import replaced, shape_of, type_of

_encode: Final = msgspec.json.Encoder().encode


class Fact(NamedTuple):
    """Something that happened. Ordered by time, then id, so that a merge of streams has one order only."""

    time: int
    """Milliseconds since 1970."""
    id: str
    device: str
    kind: str
    """Event type without prefix and version, such as `parking.entered` or `reference.total-reported`."""
    data: Mapping[str, Any]
    """Fields of the event type; timestamps are milliseconds since 1970, in nested objects too."""
    system: str
    """Of the source, as in its topic: `parking`."""

    @property
    def type(self) -> str:
        """CloudEvents `type`."""
        return type_of(self.kind)


def encode(city: str, fact: Fact, *, recorded: int | None = None, sequence: int | None = None) -> bytes:
    """The fact as a CloudEvent in JSON.

    `recorded` (ms since 1970) makes it a live event: 1.1 counts from there. `sequence` counts its source's events.
    """
    data = replaced(fact.data, shape_of(fact.kind), rfc3339)
    counted = f'"sequence":"{sequence}",' if sequence is not None else ""
    had = f'"recordedtime":"{rfc3339(recorded)}",' if recorded is not None else ""
    envelope = (
        f'{{"specversion":"1.0","id":"{fact.id}","source":"/{city}/{fact.system}/{fact.device}","type":"{fact.type}",'
        f'"time":"{rfc3339(fact.time)}","datacontenttype":"application/json",{counted}{had}"data":'
    )
    return envelope.encode() + _encode(data) + b"}"
