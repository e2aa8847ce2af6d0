"""From Kafka records to events, or to the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from typing import Any

import msgspec

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.events.registry import EVENT_TYPES, STRUCTS, decoder, retraction_decoder
from schemas.identity import Identity, parse_identity
from services.scorer.types import Decoded, EventKey, Record, Rejected

_CLASS_OF = {STRUCTS[name]: model.event_class for name, model in EVENT_TYPES.items()}


def hash64(data: bytes) -> int:
    """64 bits as PostgreSQL's signed bigint."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


class RecordDecoder:
    """Decodes records; remembers identities it has parsed, because a city has few sources and many events."""

    def __init__(self) -> None:
        self._decode: Callable[[bytes], Any] = decoder().decode
        self._decode_retraction: Callable[[bytes], Any] = retraction_decoder().decode
        self._identities: dict[str, Identity] = {}

    def decode(self, records: Iterable[Record], cities: Collection[str]) -> tuple[list[Decoded], list[Rejected]]:
        """Split records into events of known cities and rejections, each in the order of offsets."""
        decoded: list[Decoded] = []
        rejected: list[Rejected] = []
        for record in records:
            result = self._one(record, cities)
            if isinstance(result, Decoded):
                decoded.append(result)
            else:
                rejected.append(result)
        return decoded, rejected

    def _one(self, record: Record, cities: Collection[str]) -> Decoded | Rejected:
        try:
            event = self._decode(record.value)
            identity = self._identity(event.source)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            if (retraction := self._retraction(record, cities)) is not None:
                return retraction
            return Rejected(record.offset, Reason.UNDECODABLE, str(error)[:500], record.value)
        return self._known(record, event, identity, _CLASS_OF[type(event)], cities)

    def _retraction(self, record: Record, cities: Collection[str]) -> Decoded | Rejected | None:
        """The record as an event without data that supersedes another; None if it is none."""
        try:
            event = self._decode_retraction(record.value)
            event_class = EVENT_TYPES[event.type].event_class
            return self._known(record, event, self._identity(event.source), event_class, cities)
        except (msgspec.DecodeError, LookupError, ValueError, RecursionError):
            return None

    def _known(
        self, record: Record, event: Any, identity: Identity, event_class: EventClass, cities: Collection[str]
    ) -> Decoded | Rejected:
        if identity.city not in cities:
            detail = f"city {identity.city!r} is not registered: add it with `ahual city apply`, then replay"
            return Rejected(record.offset, Reason.UNKNOWN_CITY, detail, record.value, identity)
        return Decoded(
            EventKey(hash64(f"{event.source}\0{event.id}".encode()), event.time),
            hash64(record.value),
            identity,
            event_class,
            record.offset,
            record.value,
            event,
        )

    def _identity(self, source: str) -> Identity:
        known = self._identities.get(source)
        if known is None:
            known = self._identities[source] = parse_identity(source.removeprefix("/"))
            if len(self._identities) > 1_000_000:
                self._identities.clear()
        return known
