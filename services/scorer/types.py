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
    timestamp: int = 0
    """When the gateway handed it to Kafka, ms since 1970; 0 when nobody said."""


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


class BinKey(NamedTuple):
    """A bin of `services/scorer/histogram.py` in a bucket."""

    city: str
    kpi: str
    bucket: datetime
    bin: int


Bins = dict[BinKey, int]
"""How many durations fell into each bin."""


class EntryKey(NamedTuple):
    """A dated entry of one event: an inventory or a reference base. The event's own key makes it removable."""

    city: str
    kpi: str
    component: str
    term: int
    """Position of the measure's term; those of the base count −1, −2 …"""
    district: str
    source: str
    at: datetime
    """From when the value holds."""
    time: datetime
    id_hash: int


class Entry(NamedTuple):
    """What an event adds to its entry; an entry whose events add up to 0 was taken back."""

    value: int
    events: int
    until: datetime | None
    """When it ceases to hold, where the event says so."""


Entries = dict[EntryKey, Entry]


class Folded(NamedTuple):
    """What events add: integers in minutes, and dated entries. All of it can be taken away by adding its negative."""

    parts: Parts
    bins: Bins
    entries: Entries

    def changed(self) -> set[tuple[str, str]]:
        """(city, KPI) of everything added to; bins never come without parts."""
        return {(key.city, key.kpi) for keys in (self.parts, self.entries) for key in keys}


class City(NamedTuple):
    """What folding needs to know of a city."""

    code: str
    category: str
    timezone: str
    additional: int
