"""From bytes to events: pure, and without failure whatever the bytes are.

`accept` answers with one outcome per event: `Accepted` in canonical form, or `Rejected` with its reason. The contract
is the pydantic model of the event's `type`; the scorer's decoder has to agree before anything is let in.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, Self

import msgspec
from pydantic import ValidationError

from schemas.dead_letter import Reason
from schemas.events.envelope import Event, Retraction, canonical
from schemas.events.registry import REGISTRY, Registry, retraction_decoder
from schemas.identity import Identity, parse_identity, topic_of
from services.ingest import syntax
from services.ingest.errors import RejectedError
from services.ingest.pseudonyms import Pseudonyms

FUTURE_FIELDS: Final = frozenset({"due_at", "until"})
"""Timestamps that state a plan; every other one states what has happened and cannot lie in the future."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one message may be."""

    max_bytes: int = 262_144
    """Of one event; of an MQTT message as a whole."""
    max_items: int = 10_000
    """Events in one array."""
    max_future: timedelta = timedelta(minutes=5)
    """How far a sender's clock may be ahead."""


class Accepted(NamedTuple):
    """An event as it goes to Kafka."""

    identity: Identity
    body: bytes
    id: str


class Rejected(NamedTuple):
    """What is not let in; `payload` is the event's own part of the message."""

    reason: Reason
    field: str | None
    detail: str
    payload: bytes
    id: str | None = None
    topic: str | None = None
    """Where the payload belongs, if it is not as it came: the readings of a pack that were not taken."""


Outcome = Accepted | Rejected
Fact = Event[Any] | Retraction
SourceRule = Callable[[str | None], Identity]
"""Whose event it is, from the `source` it states (None: none); RejectedError for a foreign one."""


NO_KEYS: Final = Pseudonyms()


class Checks(NamedTuple):
    """What validation needs of the event types of one age."""

    registry: Registry
    decoders: Mapping[str, msgspec.json.Decoder[Any]]
    """The scorer's, which have to agree."""
    past: Mapping[str, Sequence[str]]
    """The timestamps of a type that cannot lie in the future."""

    @classmethod
    def of(cls, registry: Registry) -> Self:
        """Of these event types."""
        decoders = {name: msgspec.json.Decoder(struct) for name, struct in registry.structs.items()}
        past = {
            name: tuple(
                field
                for field, info in data.model_fields.items()
                if field not in FUTURE_FIELDS and "datetime" in str(info.annotation).lower()
            )
            for name, data in registry.types.items()
        }
        return cls(registry, decoders, past)


CHECKS: Final = Checks.of(REGISTRY)


class _Terms(NamedTuple):
    """On which one message is looked at."""

    identity: Identity
    now: datetime
    limits: Limits
    whose: SourceRule
    pseudonyms: Pseudonyms
    checks: Checks = CHECKS


def own_source(identity: Identity) -> SourceRule:
    """A device speaks for itself only."""

    def whose(source: str | None) -> Identity:
        if source is not None and source != identity.source:
            detail = f"source is not this sender's, {identity.source}: leave it out or correct it"
            raise RejectedError(Reason.FOREIGN_IDENTITY, detail, "$.source")
        return identity

    return whose


def any_source_of(department: Identity) -> SourceRule:
    """A departmental system speaks for all sources of its city and system, and as itself when it names none."""

    def whose(source: str | None) -> Identity:
        if source is None:
            return department
        try:
            identity = parse_identity(source.removeprefix("/"))
        except ValueError:
            identity = None
        if identity is None or identity.source != source or identity[:2] != department[:2]:
            detail = f"source is none of /{department.city}/{department.system}/…, for which this key sends"
            raise RejectedError(Reason.FOREIGN_IDENTITY, detail, "$.source")
        return identity

    return whose


def accept(
    identity: Identity,
    payload: bytes,
    now: datetime,
    limits: Limits,
    whose: SourceRule | None = None,
    pseudonyms: Pseudonyms = NO_KEYS,
    checks: Checks = CHECKS,
) -> list[Outcome]:
    """The outcome of each event in a message: one object or an array of them. Never raises, whatever the bytes are."""
    terms = _Terms(identity, now, limits, whose or own_source(identity), pseudonyms, checks)
    try:
        syntax.require_text(payload, limits.max_bytes)
        if payload.lstrip(syntax.BLANK)[:1] != b"[":
            return [_outcome(payload, b"", terms)]
        items = syntax.split(payload, limits.max_items)
    except RejectedError as error:
        return [Rejected(error.reason, error.field, error.detail, payload)]
    return [_outcome(item, str(index).encode(), terms) for index, item in enumerate(items)]


def accept_item(
    identity: Identity,
    payload: bytes,
    index: int | None,
    now: datetime,
    limits: Limits,
    whose: SourceRule,
    pseudonyms: Pseudonyms = NO_KEYS,
) -> Outcome:
    """The outcome of one event, alone (`index` None) or in a batch larger than a message may be."""
    try:
        syntax.require_text(payload, limits.max_bytes)
    except RejectedError as error:
        return Rejected(error.reason, error.field, error.detail, payload)
    terms = _Terms(identity, now, limits, whose, pseudonyms)
    return _outcome(payload, b"" if index is None else str(index).encode(), terms)


def _outcome(raw: bytes, place: bytes, terms: _Terms) -> Outcome:
    stated = None
    try:
        peek = syntax.peek(raw)
        stated = peek.id if isinstance(peek.id, str) else None
        owner = terms.whose(_stated_source(peek))
        contract = _contract_of(peek, owner, terms.checks.registry)
        unnamed = None if peek.id is not None else _unnamed(terms.identity, raw, place)
        event = _validated(contract, raw, _absent(peek, owner, unnamed, terms.now), terms.checks)
        _require_past(event, terms.now + terms.limits.max_future, terms.checks)
        if isinstance(event, Event):
            event = terms.pseudonyms.applied(event, owner.city, unnamed)
    except RejectedError as found:
        error = syntax.defect(raw) or found
        return Rejected(error.reason, error.field, error.detail[:1000], raw, stated and stated[:128])
    return Accepted(owner, canonical(event), event.id)


def _stated_source(peek: syntax.Peek) -> str | None:
    if peek.source is None or isinstance(peek.source, str):
        return peek.source
    raise RejectedError(Reason.INVALID_FIELD, "source must be a string", "$.source")


def _contract_of(peek: syntax.Peek, owner: Identity, registry: Registry) -> type[Fact]:
    if peek.type is None:
        raise RejectedError(Reason.INVALID_FIELD, "type is missing: it names what the event states", "$.type")
    if not isinstance(peek.type, str):
        raise RejectedError(Reason.INVALID_FIELD, "type must be a string", "$.type")
    if peek.type not in registry.contracts:
        known = ", ".join(name for name, data in registry.types.items() if data.system in (None, owner.system))
        detail = f"no event type has this name; types of {owner.system}: {known}"
        raise RejectedError(Reason.UNKNOWN_TYPE, detail, "$.type")
    if registry.types[peek.type].system not in (None, owner.system):
        detail = f"only sources of {registry.types[peek.type].system} may send {peek.type}, not those of {owner.system}"
        raise RejectedError(Reason.FOREIGN_IDENTITY, detail, "$.type")
    if peek.clockless is not None:
        raise RejectedError(Reason.INVALID_FIELD, "clockless is set by the gateway only: leave it out", "$.clockless")
    if peek.supersedesid is not None and peek.time is None:
        detail = "a correction states its own time, so that sent again it is known to be the same"
        raise RejectedError(Reason.INVALID_FIELD, detail, "$.time")
    return Retraction if peek.retracts else registry.contracts[peek.type]


def _unnamed(identity: Identity, raw: bytes, place: bytes) -> bytes:
    """What tells an event without id from others."""
    return b"\0".join((topic_of(identity, "events").encode(), raw, place))


def _absent(peek: syntax.Peek, owner: Identity, unnamed: bytes | None, now: datetime) -> dict[str, Any]:
    """What the sender left out and the gateway fills in."""
    filled: dict[str, Any] = {}
    if peek.source is None:
        filled["source"] = owner.source
    if unnamed is not None:
        filled["id"] = hashlib.sha256(unnamed).hexdigest()
    if peek.time is None:
        filled |= {"time": now, "clockless": True}
    return filled


def _validated(contract: type[Fact], raw: bytes, filled: Mapping[str, Any], checks: Checks) -> Fact:
    complete = syntax.with_members(raw, filled) if filled else raw
    try:
        event = contract.model_validate_json(complete)
        decoder = _RETRACTIONS if isinstance(event, Retraction) else checks.decoders[event.type]
        decoder.decode(complete)
    except ValidationError as error:
        raise _rejection(error) from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise syntax.rejection(error) from error
    return event


_RETRACTIONS: Final = retraction_decoder()


def _require_past(event: Fact, limit: datetime, checks: Checks) -> None:
    for attribute in ("time", "recordedtime", "supersedestime"):
        moment = getattr(event, attribute)
        if moment is not None and moment > limit:
            raise _future(f"$.{attribute}", moment)
    if isinstance(event, Retraction):
        return
    for field in checks.past[event.type]:
        moment = getattr(event.data, field)
        if moment is not None and moment > limit:
            raise _future(f"$.data.{field}", moment)
    each = checks.registry.types[event.type].elements
    for place, element in enumerate(getattr(event.data, each) if each else ()):
        if element.time > limit:
            raise _future(f"$.data.{each}[{place}].time", element.time)


def _future(field: str, moment: datetime) -> RejectedError:
    detail = f"{moment.isoformat()} lies in the future: check the sender's clock and time zone"
    return RejectedError(Reason.FUTURE_TIME, detail, field)


_MEMBER: Final = re.compile(r"[A-Za-z_]{1,64}[0-9]{0,2}")


def member(name: str) -> str:
    """A member's name as a path may show it. A name that is no ordinary one may say who somebody is."""
    return name if _MEMBER.fullmatch(name) else "?"


def _rejection(error: ValidationError) -> RejectedError:
    """The first thing that is wrong, with its path; the input itself stays out of the text."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    first = found[0]
    if first["type"] == "json_invalid":
        return syntax.rejection(ValueError(first["msg"]))
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{member(part)}" for part in first["loc"])
    others = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    detail = first["msg"].removeprefix("Value error, ") + others
    return RejectedError(Reason.INVALID_FIELD, detail, f"${path}"[:200])
