"""ThingsBoard's telemetry payloads, as its devices and gateways publish them. Pure.

A device sends `{"key": value}`, `{"ts": ms, "values": {…}}` or an array of those; a gateway sends
`{"Device A": [{"ts": ms, "values": {…}}], …}`, whose names here begin with `Device A/`. Nested objects are flattened
with dots. Without `ts` the time is the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from schemas.dead_letter import Reason
from services.ingest import syntax
from services.ingest.errors import RejectedError
from services.ingest.readings import Pack, Raw, Value
from services.ingest.validation import member

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DEPTH: Final = 8
"""Of nested objects."""
_ANY: Final = msgspec.json.Decoder(dict[str, Any] | list[dict[str, Any]])


def parse(payload: bytes, now: datetime, max_bytes: int) -> Pack:
    """The readings of a message; RejectedError says what is wrong with it."""
    if not payload.strip():
        raise RejectedError(Reason.EMPTY, 'nothing in it: send {"key": value} or {"ts": milliseconds, "values": {…}}')
    syntax.require_text(payload, max_bytes)
    try:
        message = _ANY.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        found = syntax.defect(payload) or syntax.rejection(error)
        if found.reason in (Reason.NOT_AN_EVENT, Reason.INVALID_FIELD):
            raise RejectedError(Reason.NOT_A_PACK, "telemetry is an object of keys and values, or an array") from error
        raise found from error
    return _Reader(now).read(message)


class _Reader:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._clockless = False

    def read(self, message: Mapping[str, Any] | list[Mapping[str, Any]]) -> Pack:
        if isinstance(message, list):
            raws = [raw for place, row in enumerate(message) for raw in self._row(row, f"$[{place}]", "")]
        elif _is_gateways(message):
            raws = [
                raw
                for device, rows in message.items()
                for place, row in enumerate(rows)
                for raw in self._row(row, f"$.{member(device)}[{place}]", f"{device}/")
            ]
        else:
            raws = list(self._row(message, "$", ""))
        return Pack(raws, self._clockless)

    def _row(self, row: Mapping[str, Any], path: str, prefix: str) -> Iterator[Raw]:
        values = row.get("values")
        if isinstance(values, Mapping):
            moment, path = self._moment(row.get("ts"), path), f"{path}.values"
        else:
            values, moment = row, self._moment(None, path)
        for name, value in _flat(values, ""):
            yield Raw(f"{path}.{'.'.join(map(member, name.split('.')))}", prefix + name, value, moment)

    def _moment(self, ts: Any, path: str) -> datetime:
        if ts is None:
            self._clockless = True
            return self._now
        try:
            if isinstance(ts, int | float) and not isinstance(ts, bool):
                return EPOCH + timedelta(milliseconds=ts)
        except OverflowError:
            pass
        raise RejectedError(Reason.INVALID_FIELD, "ts is a Unix timestamp in milliseconds", f"{path}.ts")


def _is_gateways(message: Mapping[str, Any]) -> bool:
    """Every key is a device with an array of rows."""
    return bool(message) and all(
        isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows) for rows in message.values()
    )


def _flat(values: Mapping[str, Any], prefix: str, depth: int = 0) -> Iterator[tuple[str, Value]]:
    for key, value in values.items():
        if isinstance(value, Mapping) and depth < DEPTH:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        elif isinstance(value, bool | int | float | str):
            yield prefix + key, value
        elif value is not None:
            yield prefix + key, msgspec.json.encode(value).decode()
