"""Measuring channels: the same value over and over again is a sensor that froze. Pure.

Only event types that declare themselves `measuring` have channels; a case (a call, a request) may repeat itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec

from schemas.events.envelope import Data
from schemas.events.registry import EVENT_TYPES, STRUCTS
from services.scorer.types import Decoded

Readings = Callable[[Any], Iterable[tuple[str, Hashable]]]
"""From an event to its channels and what each measured, without times."""


class Run(NamedTuple):
    """How a channel's readings of a batch end: the same value so many times, the first of them at `since`."""

    value: Hashable
    since: datetime
    newest: datetime
    events: int
    whole: bool
    """The batch holds no other value of this channel, so the run may have begun before it."""

    @property
    def hash64(self) -> int:
        """The value as a number that every process computes alike."""
        digest = blake2b(msgspec.json.encode(self.value), digest_size=8).digest()
        return int.from_bytes(digest, "big", signed=True)


def runs(events: Iterable[Decoded], readings: Mapping[type, Readings]) -> dict[str, Run]:
    """How the readings of one device end, per channel, in order of arrival."""
    found: dict[str, Run] = {}
    for decoded in events:
        read = readings.get(type(decoded.event))
        if read is None:
            continue
        time = decoded.key.time
        for channel, value in read(decoded.event):
            run = found.get(channel)
            if run is None:
                found[channel] = Run(value, time, time, 1, True)
            elif run.value == value:
                found[channel] = Run(value, min(run.since, time), max(run.newest, time), run.events + 1, run.whole)
            else:
                found[channel] = Run(value, time, max(run.newest, time), 1, False)
    return found


def readings_of(types: Mapping[str, type[Data]], structs: Mapping[str, type[msgspec.Struct]]) -> dict[type, Readings]:
    """How to read the measuring types among these, by the struct the scorer decodes them into."""
    return {structs[name]: _readings(model, structs[name]) for name, model in types.items() if model.measuring}


def _readings(model: type[Data], struct: type[msgspec.Struct]) -> Readings:
    """One channel per event: the type, and the field that names the channel where the type has one."""
    data = next(field.type for field in msgspec.structs.fields(struct) if field.name == "data")
    named, prefix = model.channel_field, model.type_name
    kept = [field.name for field in msgspec.structs.fields(data) if field.name != named and not _is_time(field.type)]

    def read(event: Any) -> Sequence[tuple[str, Hashable]]:
        data = event.data
        channel = f"{prefix}/{getattr(data, named)}" if named else prefix
        return ((channel, tuple([getattr(data, name) for name in kept])),)

    return read


def _is_time(annotation: Any) -> bool:
    return datetime in (annotation, *getattr(annotation, "__args__", ()))


READINGS: Final[Mapping[type, Readings]] = readings_of(EVENT_TYPES, STRUCTS)
