"""From the readings of any protocol to one event: names by the registry, units, limits. Pure.

A reading that cannot be taken does not stop the others of its pack: it becomes a dead letter as a SenML pack of its
own, which can be replayed once the registry is right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec
from pydantic import ValidationError

from schemas.dead_letter import Reason
from schemas.events.envelope import Event, canonical
from schemas.events.telemetry import MOST_READINGS, Reading, ReadingsReported
from schemas.identity import Identity, topic_of
from schemas.quantities import CONVERSIONS
from services.ingest.errors import RejectedError
from services.ingest.registry import DeviceRegistry, Sender, Target
from services.ingest.validation import Accepted, Limits, Outcome, Rejected, member

OLDEST: Final = timedelta(days=14)
"""How much older than the newest of its pack a reading may be: what the ledger keeps of telemetry."""
_BEGINNING: Final = datetime.min.replace(tzinfo=UTC) + OLDEST
"""Before it nothing is older by so much."""
DIGITS: Final = 9
"""Decimal places that are kept of a converted number."""
Value = float | str | bool | None


class Raw(NamedTuple):
    """A reading as its protocol states it, with its time resolved."""

    path: str
    """Where it stands in the message."""
    name: str
    value: Value
    time: datetime
    unit: str | None = None
    sum: float | None = None


class Pack(NamedTuple):
    """The readings of one message."""

    raws: Sequence[Raw]
    clockless: bool
    """A time is relative or absent, so the gateway's clock had to help."""
    sequence: str | None = None


def judge(
    identity: Identity, pack: Pack, topic: str, payload: bytes, now: datetime, limits: Limits, registry: DeviceRegistry
) -> list[Outcome]:
    """At most one event with what can be taken, and a rejection per reason for the rest. Never raises."""
    try:
        sender = _registered(identity, registry)
        _require_bearable(pack, now + limits.max_future)
    except RejectedError as error:
        return [Rejected(error.reason, error.field, error.detail, payload)]
    if not pack.raws:
        return []
    newest = max(raw.time for raw in pack.raws)
    readings: list[Reading] = []
    wrong: dict[Reason, list[tuple[RejectedError, Raw]]] = {}
    for raw in pack.raws:
        try:
            reading = _reading(raw, sender, max(newest, _BEGINNING) - OLDEST)
        except RejectedError as error:
            wrong.setdefault(error.reason, []).append((error, raw))
        else:
            if reading is not None:
                readings.append(reading)
    rejected: list[Outcome] = [_rejected(identity, found) for found in wrong.values()]
    if not readings:
        return rejected
    time = now if pack.clockless else newest
    return [_accepted(identity, sender, readings, pack, time, event_id(topic, payload)), *rejected]


def event_id(topic: str, payload: bytes) -> str:
    """The id of an event that brings none: the same bytes again are the same event."""
    return hashlib.sha256(b"\0".join((topic.encode(), payload, b""))).hexdigest()


def _registered(identity: Identity, registry: DeviceRegistry) -> Sender:
    sender = registry.sender(identity)
    if sender is None:
        detail = f"{identity} is not in the device registry: add it with its channels, `ahual device add`"
        raise RejectedError(Reason.UNKNOWN_DEVICE, detail)
    return sender


def _require_bearable(pack: Pack, latest: datetime) -> None:
    """A clock that is ahead, or a pack that is too long, is a matter of the whole message."""
    if len(pack.raws) > MOST_READINGS:
        detail = f"{len(pack.raws)} readings in one message, at most {MOST_READINGS} are taken: send smaller packs"
        raise RejectedError(Reason.OVERSIZED, detail)
    for raw in pack.raws:
        if raw.time > latest:
            detail = f"{raw.time.isoformat()} lies in the future: check the sender's clock"
            raise RejectedError(Reason.FUTURE_TIME, detail, raw.path)


def _reading(raw: Raw, sender: Sender, oldest: datetime) -> Reading | None:
    """One reading in the quantity's own unit; None when it is left out on purpose."""
    target = sender.find(raw.name, raw.unit)
    if target is None:
        if sender.ignores(raw.name):
            return None
        detail = f"no channel is registered for the name {member(raw.name)}: add it to the device's channels"
        raise RejectedError(Reason.UNKNOWN_CHANNEL, detail, raw.path)
    if raw.time < oldest:
        detail = f"{raw.time.isoformat()} is more than {OLDEST.days} days older than the newest of its pack"
        raise RejectedError(Reason.TOO_OLD, detail, raw.path)
    if target.removed_on is not None and raw.time.date() >= target.removed_on:
        detail = f"{target.device or 'the device'} was taken out of the registry on {target.removed_on}"
        raise RejectedError(Reason.UNKNOWN_DEVICE, detail, raw.path)
    members = {"channel": target.channel, "quantity": target.code, "unit": target.quantity.unit, "time": raw.time}
    members |= {"device": target.device, "district": target.district, **_value(raw, target)}
    try:
        return Reading.model_validate(members)
    except ValidationError as error:
        detail = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
        raise RejectedError(Reason.INVALID_FIELD, detail, raw.path) from error


def _value(raw: Raw, target: Target) -> dict[str, Any]:
    """The value under the name of its kind."""
    kind, value = target.quantity.kind, raw.value
    if kind == "number":
        return _number(raw, target)
    if kind == "flag" and isinstance(value, bool | int | float) and value in (0, 1):
        return {"flag": bool(value)}
    if kind == "text" and isinstance(value, str):
        return {"text": value}
    detail = f"{target.channel} measures {target.code}, which is a {kind}; this is none"
    raise RejectedError(Reason.INVALID_FIELD, detail, raw.path)


def _number(raw: Raw, target: Target) -> dict[str, Any]:
    unit, kept = raw.unit or target.unit, target.quantity.unit
    conversion = CONVERSIONS.get((unit or "", kept or ""))
    if unit != kept and conversion is None:
        detail = f"{target.code} is kept in {kept}, into which this unit is not converted"
        raise RejectedError(Reason.WRONG_UNIT, detail, raw.path)
    found: dict[str, Any] = {}
    if raw.value is not None:
        value = _plain_number(raw, target) * target.scale
        found["value"] = value = round(conversion.apply(value), DIGITS) if conversion else value
        if not target.quantity.possible(value):
            limits = f"between {target.quantity.least:g} and {target.quantity.most:g} {kept}"
            detail = f"{target.code} is {value:g} {kept}; possible is what lies {limits}"
            raise RejectedError(Reason.IMPOSSIBLE_VALUE, detail, raw.path)
    if raw.sum is not None:
        if conversion and conversion.minus:
            detail = f"a sum in this unit cannot be converted into {kept}: the two begin at different zeros"
            raise RejectedError(Reason.WRONG_UNIT, detail, raw.path)
        found["sum"] = raw.sum * target.scale * (conversion.times / conversion.over if conversion else 1)
    return found


def _plain_number(raw: Raw, target: Target) -> float:
    """A number, also one that was sent as text."""
    with suppress(ValueError, OverflowError):
        if isinstance(raw.value, int | float | str) and not isinstance(raw.value, bool):
            return float(raw.value)
    detail = f"{target.channel} measures {target.code}, which is a number; this is none"
    raise RejectedError(Reason.INVALID_FIELD, detail, raw.path)


def _accepted(
    identity: Identity, sender: Sender, readings: Sequence[Reading], pack: Pack, time: datetime, name: str
) -> Accepted:
    event = Event[ReadingsReported](
        specversion="1.0",
        id=name,
        source=identity.source,
        type=ReadingsReported.type_name,
        time=time,
        sequence=pack.sequence,
        clockless=True if pack.clockless else None,
        data=ReadingsReported(district=sender.district, readings=tuple(readings)),
    )
    return Accepted(identity, canonical(event), name)


def _rejected(identity: Identity, found: Sequence[tuple[RejectedError, Raw]]) -> Rejected:
    """All readings of a pack that were rejected for one reason, as a SenML pack."""
    first = found[0][0]
    others = f" (and {len(found) - 1} more readings)" if len(found) > 1 else ""
    payload = msgspec.json.encode([_record(raw) for _, raw in found])
    return Rejected(first.reason, first.field, first.detail + others, payload, topic=topic_of(identity, "senml"))


def _record(raw: Raw) -> dict[str, Any]:
    """A resolved SenML record (RFC 8428, section 4.6)."""
    value = raw.value
    label = "vb" if isinstance(value, bool) else "vs" if isinstance(value, str) else "v"
    seconds = (raw.time - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)
    record = {"n": raw.name, "u": raw.unit, "t": seconds, label: value, "s": raw.sum}
    return {name: one for name, one in record.items() if one is not None}
