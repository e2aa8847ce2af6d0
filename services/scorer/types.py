"""The scorer's vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from schemas.dead_letter import Reason
from schemas.events.envelope import EventClass
from schemas.identity import Identity


class Record(NamedTuple):
    """One Kafka record."""

    offset: int
    value: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one partition. `begin` is the offset the database must still be at."""

    cluster: str
    topic_id: str
    topic: str
    partition: int
    begin: int
    records: Sequence[Record]

    @property
    def end(self) -> int:
        """The offset after the last record."""
        return self.records[-1].offset + 1


class EventKey(NamedTuple):
    """Identity `(source, id, time)` of an event, with source and id as one 64-bit hash."""

    id_hash: int
    time: datetime


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """An event that can be stored; a struct, because there is one for every record."""

    key: EventKey
    content_hash: int
    identity: Identity
    event_class: EventClass
    offset: int
    body: bytes
    event: Any
    """The msgspec struct of its type."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that will never be counted."""

    offset: int
    reason: Reason
    detail: str
    body: bytes
    identity: Identity | None = None


class PartKey(NamedTuple):
    """Where an addition goes; `bucket` is the begin of a minute, an hour or a city-local day."""

    city: str
    kpi: str
    component: str
    district: str
    bucket: datetime


class Part(NamedTuple):
    """What is added: integers in the measure's smallest unit, and how many events entered."""

    numerator: int
    denominator: int
    events: int


Parts = dict[PartKey, Part]


class City(NamedTuple):
    """What folding needs to know of a city."""

    code: str
    category: str
    timezone: str
    additional: int
