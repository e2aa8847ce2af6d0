"""The acknowledged events, each once, sorted by kind: what every truth is computed from."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from simulators.moments import DAY, milliseconds, moment
from simulators.timestamps import PREFIX, replaced, shape_of

Window = tuple[int, int]
"""Begin and end in ms since 1970, end excluded."""
STRETCHES: Final = {"energy.consumption-metered": ("begun_at", "ended_at")}
"""Kinds of events that are about a stretch of time, and the fields with its begin and end."""
_decode: Final = msgspec.json.Decoder().decode


class Place(NamedTuple):
    """What a truth must know of the city."""

    category: str
    """`republican`, `regional` or `district`."""
    timezone: str


class Seen(NamedTuple):
    """An event that counts."""

    kind: str
    """Type without prefix and version: `parking.entered`."""
    system: str
    device: str
    time: int
    """When it happened, in ms since 1970."""
    recorded: int | None
    """When the departmental system had it; only of a live event."""
    data: Mapping[str, Any]
    """As it was sent, but for timestamps (nested ones too), which are ms since 1970."""
    place: Place

    def at(self, field: str) -> int:
        """A timestamp in ms since 1970: `time`, or a field of the data."""
        value: int = self.time if field == "time" else self.data[field]
        return value

    def local(self, field: str = "time") -> datetime:
        """A timestamp by the city's own clock."""
        return moment(self.at(field)).astimezone(ZoneInfo(self.place.timezone))


class Events:
    """Each (source, id, time) once, however often it was delivered."""

    def __init__(self, delivered: Iterable[bytes], place: Place) -> None:
        self.place = place
        self._by_kind: dict[str, list[Seen]] = {}
        self._covered: dict[str, list[int]] = {}
        times: dict[str, list[int]] = {}
        for seen in _distinct(delivered, place):
            self._by_kind.setdefault(seen.kind, []).append(seen)
            times.setdefault(seen.system, []).append(seen.time)
            if seen.kind in STRETCHES:
                self._covered.setdefault(seen.system, []).extend(_days(seen))
        self._times = {system: sorted(found) for system, found in times.items()}

    def of(self, kind: str) -> Sequence[Seen]:
        """Those of a kind, in no particular order."""
        return self._by_kind.get(kind, ())

    def elements(self, kind: str, field: str) -> Iterable[Seen]:
        """The elements of a list in the events of a kind, each as if it were an event of its own."""
        for seen in self.of(kind):
            for element in seen.data[field]:
                yield seen._replace(time=element.get("time", seen.time), data={**seen.data, **element})

    @property
    def all(self) -> Iterable[Seen]:
        """Every event."""
        return (seen for found in self._by_kind.values() for seen in found)

    @property
    def systems(self) -> Sequence[str]:
        """Which systems report to the city at all."""
        return list(self._times)

    def times(self, system: str) -> Sequence[int]:
        """When a system's events happened, in order."""
        return self._times.get(system, ())

    def reported(self, system: str) -> Iterable[int]:
        """Moments for which a system has reported: of each event its own, and one of every day that it is about."""
        return chain(self.times(system), self._covered.get(system, ()))

    def newest(self, system: str, now: int) -> int | None:
        """The time of a system's newest event not after `now`."""
        times = self.times(system)
        place = bisect_left(times, now + 1)
        return times[place - 1] if place else None


def _days(seen: Seen) -> Iterable[int]:
    begin, end = (seen.at(name) for name in STRETCHES[seen.kind])
    return range(begin, min(end, seen.time), DAY)


def _distinct(delivered: Iterable[bytes], place: Place) -> Iterable[Seen]:
    known: set[tuple[str, str, int]] = set()
    for raw in delivered:
        event = _decode(raw)
        time = _ms(event["time"])
        identity = (event["source"], event["id"], time)
        if identity in known:
            continue
        known.add(identity)
        kind = event["type"].removeprefix(PREFIX).rpartition(".")[0]
        _, _city, system, device = event["source"].split("/")
        recorded = _ms(event["recordedtime"]) if "recordedtime" in event else None
        yield Seen(kind, system, device, time, recorded, replaced(event["data"], shape_of(kind), _ms), place)


def _ms(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))
