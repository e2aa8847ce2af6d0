"""SenML packs (RFC 8428) in JSON and CBOR: base fields, relative times, sums. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from math import isfinite
from typing import Any, Final

import cbor2
import msgspec

from schemas.dead_letter import Reason
from services.ingest import syntax
from services.ingest.errors import RejectedError
from services.ingest.readings import Pack, Raw, Value
from services.ingest.validation import member

ABSOLUTE: Final = 2**28
"""Seconds: what is less is relative to now (section 4.5.3)."""
VERSION: Final = 10
LABELS: Final[Mapping[int, str]] = {
    -1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs",
    0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb", 5: "s", 6: "t", 7: "ut", 8: "vd",
}  # fmt: skip
"""Of the CBOR form (section 6)."""
UNKNOWN: Final = "?"
KNOWN: Final = frozenset(LABELS.values())
VALUES: Final = ("v", "vs", "vb", "vd")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DEPTH: Final = 16
_RECORDS: Final = msgspec.json.Decoder(list[dict[str, Any]])


def parse(payload: bytes, content_type: str, now: datetime, max_bytes: int) -> Pack:
    """The resolved readings of a pack; RejectedError says what is wrong with it.

    Without a content type, what begins like a CBOR array is CBOR: no JSON begins so.
    """
    if _is_cbor(payload, content_type):
        if len(payload) > max_bytes:
            raise RejectedError(Reason.OVERSIZED, f"{len(payload)} bytes, at most {max_bytes} are taken")
        records = _from_cbor(payload)
    else:
        records = _from_json(payload, max_bytes)
    if not records:
        raise RejectedError(Reason.EMPTY, "a SenML pack without records")
    return _Resolver(now).resolve(records)


def _is_cbor(payload: bytes, content_type: str) -> bool:
    media = content_type.partition(";")[0].strip().lower()
    if media.endswith(("+xml", "-exi", "/xml")):
        raise RejectedError(Reason.NOT_A_PACK, f"{media} is not taken in: send senml+json or senml+cbor")
    if media.endswith(("+cbor", "/cbor")):
        return True
    return not media.endswith("json") and 0x80 <= (payload[:1] or b"\0")[0] <= 0x9F


def _from_json(payload: bytes, max_bytes: int) -> Sequence[Mapping[Any, Any]]:
    if not payload.strip():
        raise RejectedError(Reason.EMPTY, "nothing in it: send a SenML pack (RFC 8428)")
    syntax.require_text(payload, max_bytes)
    try:
        return _RECORDS.decode(payload)
    except (msgspec.DecodeError, RecursionError) as error:
        found = syntax.defect(payload) or syntax.rejection(error)
        if found.reason in (Reason.NOT_AN_EVENT, Reason.INVALID_FIELD):
            raise _no_pack() from error
        raise found from error


def _from_cbor(payload: bytes) -> Sequence[Mapping[Any, Any]]:
    stream = BytesIO(payload)
    try:
        records = cbor2.CBORDecoder(stream, read_size=1, max_depth=DEPTH).decode()
    except (cbor2.CBORError, ValueError, ArithmeticError, TypeError) as error:
        raise RejectedError(Reason.NOT_A_PACK, f"not CBOR: {str(error)[:200]}") from error
    if stream.tell() < len(payload):
        raise RejectedError(Reason.NOT_A_PACK, f"{len(payload) - stream.tell()} bytes follow after the CBOR array")
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise _no_pack()
    return [{_label(key): value for key, value in record.items()} for record in records]


def _label(key: Any) -> str:
    """The label of a record's member; of one that is none, as CBOR allows, a mark, because it may not be printable."""
    if isinstance(key, int) and not isinstance(key, bool):
        return LABELS.get(key, UNKNOWN)
    return key if isinstance(key, str) else UNKNOWN


def _no_pack() -> RejectedError:
    return RejectedError(Reason.NOT_A_PACK, "a SenML pack is an array of records: [{…}, {…}] (RFC 8428)")


class _Resolver:
    """Carries base values from record to record (section 4.6)."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._name = ""
        self._unit: str | None = None
        self._time = 0.0
        self._value: float | None = None
        self._sum: float | None = None
        self._clockless = False

    def resolve(self, records: Sequence[Mapping[Any, Any]]) -> Pack:
        raws = []
        for number, record in enumerate(records):
            raw = self._record(record, f"$[{number}]")
            if raw is not None:
                raws.append(raw)
        return Pack(raws, self._clockless)

    def _record(self, record: Mapping[Any, Any], path: str) -> Raw | None:
        if not record.keys() <= KNOWN:
            _require_understood(record, path)
        self._rebase(record, path)
        name = self._name + (_text(record, "n", path) or "")
        value, total = self._value_of(record, path), self._sum_of(record, path)
        if value is None and total is None:
            if record.keys() & {"n", "u", "t", "ut"} or not record:
                raise RejectedError(Reason.INVALID_FIELD, "a record needs one of v, vs, vb, vd or s", path)
            return None  # it sets base values only
        if not name:
            raise RejectedError(Reason.INVALID_FIELD, "a record needs a name: n, after bn", f"{path}.n")
        moment = self._moment(self._time + (_number(record, "t", path) or 0.0), path)
        return Raw(path, name, value, moment, _text(record, "u", path) or self._unit, total)

    def _rebase(self, record: Mapping[Any, Any], path: str) -> None:
        version = _number(record, "bver", path)
        if version is not None and version > VERSION:
            detail = f"SenML version {version:g} is not understood, only up to {VERSION}"
            raise RejectedError(Reason.INVALID_FIELD, detail, f"{path}.bver")
        if "bn" in record:
            self._name = _text(record, "bn", path) or ""
        if "bu" in record:
            self._unit = _text(record, "bu", path)
        if "bt" in record:
            self._time = _number(record, "bt", path) or 0.0
        if "bv" in record:
            self._value = _number(record, "bv", path)
        if "bs" in record:
            self._sum = _number(record, "bs", path)

    def _value_of(self, record: Mapping[Any, Any], path: str) -> Value:
        stated = [label for label in VALUES if record.get(label) is not None]
        if len(stated) > 1:
            raise RejectedError(Reason.INVALID_FIELD, f"one record has one value, not {' and '.join(stated)}", path)
        if not stated:
            return self._value if "n" in record else None
        (label,) = stated
        if label == "v":
            return (self._value or 0.0) + (_number(record, "v", path) or 0.0)
        if label == "vb":
            if not isinstance(record["vb"], bool):
                raise RejectedError(Reason.INVALID_FIELD, "vb is true or false", f"{path}.vb")
            return bool(record["vb"])
        data = record[label]
        if label == "vd" and isinstance(data, bytes):
            return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
        return _text(record, label, path)

    def _sum_of(self, record: Mapping[Any, Any], path: str) -> float | None:
        total = _number(record, "s", path)
        return None if total is None else total + (self._sum or 0.0)

    def _moment(self, seconds: float, path: str) -> datetime:
        try:
            if seconds >= ABSOLUTE:
                return EPOCH + timedelta(seconds=seconds)
            self._clockless = True
            return self._now + timedelta(seconds=seconds)
        except OverflowError as error:
            raise RejectedError(Reason.INVALID_FIELD, "the time lies outside all years", f"{path}.t") from error


def _require_understood(record: Mapping[Any, Any], path: str) -> None:
    for label in record:
        if label not in KNOWN and label.endswith("_"):
            detail = f"{member(label)!r} must be understood by the receiver (RFC 8428, section 4.4), and is not"
            raise RejectedError(Reason.INVALID_FIELD, detail, f"{path}.{member(label)}")


def _number(record: Mapping[Any, Any], label: str, path: str) -> float | None:
    value = record.get(label)
    if value is None:
        return None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            number = float(value)
        except (OverflowError, ValueError):
            number = float("nan")
        if isfinite(number):
            return number
    raise RejectedError(Reason.INVALID_FIELD, f"{label} is a finite number", f"{path}.{label}")


def _text(record: Mapping[Any, Any], label: str, path: str) -> str | None:
    value = record.get(label)
    if value is None or isinstance(value, str):
        return value
    raise RejectedError(Reason.INVALID_FIELD, f"{label} is a string", f"{path}.{label}")
