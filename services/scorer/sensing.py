"""Measuring channels: the same value over and over again is a sensor that froze. Pure.

Only event types that declare themselves `measuring` have channels; a case (a call, a request) may repeat itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from typing import Any, Final, NamedTuple, get_args

import msgspec

from schemas.events.envelope import Data
from schemas.events.registry import EVENT_TYPES, STRUCTS
from schemas.quantities import STEADY
from services.scorer.types import Decoded

Readings = Callable[[Any], Iterable[tuple[str, Hashable, datetime]]]
"""From an event to its channels, what each measured without times, and when."""


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
        for channel, value, time in read(decoded.event):
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
    """One channel per event or element: the type, and the fields that name the channel where the type has such."""
    data = _type_of(struct, "data")
    names, prefix, each = model.channel_fields, model.type_name, model.elements
    if each is None:
        kept = _kept(data, names)

        def read(event: Any) -> Sequence[tuple[str, Hashable, datetime]]:
            data = event.data
            channel = "/".join([prefix, *[getattr(data, name) for name in names]])
            return ((channel, tuple([getattr(data, name) for name in kept]), event.time),)

        return read
    return _each_reading(prefix, each, names, _kept(get_args(_type_of(data, each))[0], names))


def _each_reading(prefix: str, each: str, names: Sequence[str], kept: Sequence[str]) -> Readings:
    """Every element is a reading of its own, also of devices behind the sender; what may stay the same is left out."""
    value_of = attrgetter(*kept)

    def read(event: Any) -> Iterator[tuple[str, Hashable, datetime]]:
        for element in getattr(event.data, each):
            if element.quantity not in STEADY:
                behind = [element.device] if element.device else []
                channel = "/".join([prefix, *behind, *[getattr(element, name) for name in names]])
                yield channel, value_of(element), element.time

    return read


def _kept(struct: type[msgspec.Struct], names: Sequence[str]) -> list[str]:
    """The fields that make up what was measured."""
    return [
        field.name for field in msgspec.structs.fields(struct) if field.name not in names and not _is_time(field.type)
    ]


def _type_of(struct: type[msgspec.Struct], name: str) -> Any:
    return next(field.type for field in msgspec.structs.fields(struct) if field.name == name)


def _is_time(annotation: Any) -> bool:
    return datetime in (annotation, *getattr(annotation, "__args__", ()))


READINGS: Final[Mapping[type, Readings]] = readings_of(EVENT_TYPES, STRUCTS)
