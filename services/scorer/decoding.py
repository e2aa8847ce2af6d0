"""From Kafka records to events, or to the reason why not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.events.registry import EVENT_TYPES, STRUCTS, decoder, retraction_decoder
from schemas.identity import Identity, parse_identity
from services.scorer.types import Decoded, EventKey, Record, Rejected

_CLASS_OF = {STRUCTS[name]: model.event_class for name, model in EVENT_TYPES.items()}

MOST_SOURCES: Final = 1_000_000


def hash64(data: bytes) -> int:
    """64 bits as PostgreSQL's signed bigint."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


class _Source(NamedTuple):
    identity: Identity
    prefix: bytes
    """What the hash of an identity begins with."""


class RecordDecoder:
    """Decodes records; remembers sources it has parsed, because a city has few of them and many events."""

    def __init__(self) -> None:
        self._decode: Callable[[bytes], Any] = decoder().decode
        self._decode_retraction: Callable[[bytes], Any] = retraction_decoder().decode
        self._sources: dict[str, _Source] = {}

    def decode(self, records: Iterable[Record], cities: Collection[str]) -> tuple[list[Decoded], list[Rejected]]:
        """Split records into events of known cities and rejections, each in the order of offsets."""
        decoded: list[Decoded] = []
        rejected: list[Rejected] = []
        decode, sources = self._decode, self._sources  # the hot loop
        for record in records:
            body = record.value or b""
            try:
                try:
                    event = decode(body)
                    event_class = _CLASS_OF[type(event)]
                except msgspec.DecodeError as error:
                    event, event_class = self._retraction(body, error)
                identity, prefix = sources.get(event.source) or self._source(event.source)
            except (msgspec.DecodeError, ValueError, RecursionError) as error:
                rejected.append(Rejected(record.offset, Reason.UNDECODABLE, str(error)[:500], body))
                continue
            if identity.city not in cities:
                detail = f"city {identity.city!r} is not registered: add it with `ahual city apply`, then replay"
                rejected.append(Rejected(record.offset, Reason.UNKNOWN_CITY, detail, body, identity))
                continue
            key = EventKey(hash64(prefix + event.id.encode()), event.time)
            decoded.append(Decoded(key, hash64(body), identity, event_class, record.offset, body, event))
        return decoded, rejected

    def _retraction(self, body: bytes, error: msgspec.DecodeError) -> tuple[Any, EventClass]:
        """An event without data that supersedes another, and its class; raises `error` if it is none."""
        try:
            event = self._decode_retraction(body)
            return event, EVENT_TYPES[event.type].event_class
        except (msgspec.DecodeError, LookupError, RecursionError):
            raise error from None

    def _source(self, source: str) -> _Source:
        if len(self._sources) >= MOST_SOURCES:
            self._sources.clear()
        found = _Source(parse_identity(source.removeprefix("/")), f"{source}\0".encode())
        self._sources[source] = found
        return found
