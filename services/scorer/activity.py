"""What a batch shows of its sources: each device once, and which systems reported in which hour. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Final, NamedTuple

from schemas.events.registry import EVENT_TYPES, STRUCTS
from schemas.identity import Identity
from services.scorer.sensing import READINGS, Readings, Run, runs
from services.scorer.sequences import Range, epochs
from services.scorer.tiers import hour_of
from services.scorer.types import Decoded, Record

_OFFSET: Final = attrgetter("offset")
_MILLISECOND: Final = timedelta(milliseconds=1)
_DAY: Final = timedelta(days=1)
STRETCHES: Final = {
    STRUCTS[name]: attrgetter(*model.stretch) for name, model in EVENT_TYPES.items() if model.stretch is not None
}
"""Begin and end of what an event is about, from its data, for the types that say so."""


class ActivityKey(NamedTuple):
    """A system of a city in an hour of event time."""

    city: str
    system: str
    bucket: datetime


class Activity(NamedTuple):
    """How many events a system reported, and the newest of their times; 0 where an event of later covers the hour."""

    events: int
    newest: datetime


class Device(NamedTuple):
    """What one device sent in a batch."""

    identity: Identity
    events: int
    newest: datetime
    """Newest event time."""
    first_arrival: datetime
    last_arrival: datetime
    drift_ms: int | None
    """How far its clock is ahead of the gateway's, less the way here; None when its newest event cannot tell."""
    clockless: bool
    sequences: list[list[Range]]
    """The `sequence` numbers as ranges, end excluded; one list for each time its counter started anew."""
    runs: Mapping[str, Run]
    """The same value in a row, per measuring channel."""


class Observed(NamedTuple):
    """What a batch shows of its sources."""

    hours: Mapping[ActivityKey, Activity]
    devices: Sequence[Device]


def observe(
    events: Iterable[Decoded],
    records: Sequence[Record],
    stored_at: datetime,
    readings: Mapping[type, Readings] = READINGS,
) -> Observed:
    """What the stored events of a batch show; `records` are the batch's, in order of offset, and say when each came."""
    groups: defaultdict[Identity, list[Decoded]] = defaultdict(list)
    for decoded in events:
        groups[decoded.identity].append(decoded)
    hours: dict[ActivityKey, Activity] = {}
    devices = []
    for identity, group in groups.items():
        times = [decoded.key.time for decoded in group]
        newest = max(times)
        _count_hours(hours, identity, times, newest)
        _count_stretches(hours, identity, group)
        last = group[-1]
        arrived = _arrival(records, last.offset, stored_at)
        clockless = bool(last.event.clockless)
        devices.append(
            Device(
                identity,
                len(group),
                newest,
                arrived if len(group) == 1 else _arrival(records, group[0].offset, stored_at),
                arrived,
                _drift_ms(last, arrived),
                clockless,
                epochs([decoded.event.sequence for decoded in group], restarts=not clockless),
                runs(group, readings) if readings else {},
            )
        )
    return Observed(hours, devices)


def _count_hours(
    hours: dict[ActivityKey, Activity], identity: Identity, times: Sequence[datetime], newest: datetime
) -> None:
    # Nearly always all of a device's events of a batch lie in one hour: two comparisons instead of one per event.
    hour = hour_of(newest)
    if min(times) >= hour:
        _count(hours, ActivityKey(identity.city, identity.system, hour), len(times), newest)
    else:
        for time in times:
            _count(hours, ActivityKey(identity.city, identity.system, hour_of(time)), 1, time)


def _count_stretches(hours: dict[ActivityKey, Activity], identity: Identity, group: Iterable[Decoded]) -> None:
    """A day of a stretch that an event is about has been reported, though nothing happened then."""
    for decoded in group:
        if ends := STRETCHES.get(type(decoded.event)):
            begin, end = ends(decoded.event.data)
            end = min(end, decoded.key.time)
            while begin < end:
                _count(hours, ActivityKey(identity.city, identity.system, hour_of(begin)), 0, begin)
                begin += _DAY


def _count(hours: dict[ActivityKey, Activity], key: ActivityKey, events: int, newest: datetime) -> None:
    known = hours.get(key)
    hours[key] = Activity(events, newest) if known is None else Activity(known[0] + events, max(known[1], newest))


def _arrival(records: Sequence[Record], offset: int, stored_at: datetime) -> datetime:
    """When the record came to Kafka; the commit's own time when nobody said."""
    place = offset - records[0].offset  # right, unless Kafka left offsets out
    if place >= len(records) or records[place].offset != offset:
        place = bisect_left(records, offset, key=_OFFSET)
    timestamp = records[place].timestamp
    return datetime.fromtimestamp(timestamp / 1000, UTC) if timestamp > 0 else stored_at


def _drift_ms(decoded: Decoded, arrived: datetime) -> int | None:
    """From the sender's clock to ours. A department's event that nobody stamped is an import and says nothing."""
    event = decoded.event
    stamped = event.recordedtime or (event.time if decoded.event_class == "telemetry" else None)
    return None if stamped is None or event.clockless else (stamped - arrived) // _MILLISECOND
