"""What goes to Kafka, and the parcel that tells when all of it has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from schemas.identity import Identity
from schemas.topics import DEAD_LETTERS, EVENTS
from services.ingest.dead_letters import dead_letter
from services.ingest.seal import Sealer
from services.ingest.validation import Accepted, Outcome, Rejected


class Parcel:
    """Records that belong together: `arrived` is called once Kafka has confirmed the last of them."""

    __slots__ = ("arrived", "left")

    def __init__(self, left: int, arrived: Callable[[], None]) -> None:
        self.left = left
        self.arrived = arrived


class Record:
    """One Kafka record; a retry sends the same bytes."""

    __slots__ = ("key", "parcel", "topic", "value")

    def __init__(self, topic: str, key: bytes, value: bytes, parcel: Parcel) -> None:
        self.topic = topic
        self.key = key
        self.value = value
        self.parcel = parcel


Outgoing = tuple[str, bytes, bytes]
"""Topic, key and value."""


def outgoing(outcome: Outcome, topic: str, identity: Identity | None, now: datetime, sealer: Sealer | None) -> Outgoing:
    """Where an outcome goes: an event to its topic, a rejection to the dead letters."""
    if isinstance(outcome, Accepted):
        return EVENTS, outcome.identity.key, outcome.body
    return rejection(outcome, topic, identity, now, sealer)


def rejection(
    rejected: Rejected, topic: str, identity: Identity | None, now: datetime, sealer: Sealer | None
) -> Outgoing:
    """The dead letter of one rejection."""
    letter = dead_letter(rejected, rejected.topic or topic, identity, now, sealer)
    return DEAD_LETTERS, identity.key if identity else b"", letter.model_dump_json().encode()


def parcel(items: Iterable[Outgoing], arrived: Callable[[], None]) -> list[Record]:
    """Records that report together; `items` must not be empty."""
    together = Parcel(0, arrived)
    records = [Record(topic, key, value, together) for topic, key, value in items]
    together.left = len(records)
    return records
