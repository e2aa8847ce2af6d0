"""What goes wrong between a device and us, on demand, and what a loss must look like.

Every fault has an amount, 0 to 1: of messages, or of devices. Which ones it hits follows from a seed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from math import ceil
from typing import Any, Final, Self

from schemas.events.registry import EVENT_TYPES
from simulators.facts import Fact
from simulators.moments import SECOND
from simulators.timestamps import Shape, replaced, shape_of

DRIFT: Final = 45 * SECOND
"""How far a drifting clock is ahead."""
ORDINARY: Final[Mapping[str, float]] = {
    "duplicates": 0.05,
    "disorder": 0.1,
    "lateness": 0.05,
    "loss": 0.02,
    "malformed": 0.01,
    "drifting": 0.1,
    "frozen": 0.1,
    "silent": 0.1,
    "bursts": 0.5,
    "reconnects": 0.3,
}
"""A fault's amount where none is stated."""


@dataclass(frozen=True, slots=True)
class Faults:
    """How much of each; shares 0…1."""

    duplicates: float = 0.0
    """Messages sent once more, some hundred messages later."""
    disorder: float = 0.0
    """Messages sent some hundred messages after their turn."""
    lateness: float = 0.0
    """Messages sent long after they happened."""
    loss: float = 0.0
    """Messages counted in their source's `sequence` and never sent."""
    malformed: float = 0.0
    """Messages that no contract lets in, sent besides the others."""
    drifting: float = 0.0
    """Devices whose clock is 45 s ahead; with `frozen` and `silent` the last ones, in this order."""
    frozen: float = 0.0
    """Devices that say what they said first, at new times."""
    silent: float = 0.0
    """Devices that say nothing from half of the time on."""
    bursts: float = 0.0
    """Of the time, in which messages gather that then come all at once."""
    reconnects: float = 0.0
    """Of the devices: they lose their connection every few seconds, all at the same moment, and connect again."""

    @classmethod
    def stated(cls, given: Iterable[str]) -> Self:
        """From `duplicates`, `lateness=0.2`, `all`; ValueError names what is no fault or no share."""
        amounts: dict[str, float] = {}
        for text in given:
            name, _, amount = text.partition("=")
            if name != "all" and name not in ORDINARY:
                raise ValueError(name)
            if amount and not 0 <= float(amount) <= 1:
                raise ValueError(amount)
            for one in ORDINARY if name == "all" else (name,):
                amounts[one] = float(amount) if amount else ORDINARY[one]
        return cls(**amounts)

    @property
    def any(self) -> bool:
        """Whether there is one at all."""
        return any(getattr(self, field.name) for field in fields(self))

    def roles(self, devices: Sequence[str]) -> dict[str, str]:
        """Which devices drift, are frozen or fall silent; the last ones, and never all of them."""
        waiting = list(devices)
        found: dict[str, str] = {}
        for role in ("silent", "frozen", "drifting"):
            for _ in range(ceil(getattr(self, role) * len(devices))):
                if len(waiting) > 1:
                    found[waiting.pop()] = role
        return found


class Frozen:
    """A device that says what it said first, at new times."""

    def __init__(self) -> None:
        self._first: dict[tuple[Any, ...], Mapping[str, Any]] = {}

    def __call__(self, fact: Fact) -> Fact:
        # What was said goes with which moments are stated: who boarded has waited since some moment.
        stated = frozenset(name for name in shape_of(fact.kind) if fact.data.get(name) is not None)
        channel = tuple(fact.data.get(name) for name in EVENT_TYPES[fact.type].channel_fields)
        first = self._first.setdefault((fact.kind, stated, channel), fact.data)
        return fact._replace(data=_at_the_times_of(fact.data, first, shape_of(fact.kind)))


def _at_the_times_of(now: Mapping[str, Any], first: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """What was said first, with the timestamps of now."""
    times = {name: value for name, value in now.items() if name in shape and shape[name] is None}
    same = {name: value for name, value in first.items() if name not in shape}
    nested = {
        name: [
            _at_the_times_of(later, earlier, inner)
            for later, earlier in zip(now[name], first.get(name, now[name]), strict=False)
        ]
        for name, inner in shape.items()
        if inner is not None and now.get(name) is not None
    }
    return {**same, **times, **nested}


def shifted(fact: Fact, ahead: int) -> Fact:
    """The fact by a clock that is `ahead` (ms)."""
    data = replaced(fact.data, shape_of(fact.kind), lambda ms: ms + ahead)
    return fact._replace(time=fact.time + ahead, data=data)


def missing(acknowledged: Iterable[bytes]) -> dict[str, int]:
    """Sequence numbers per source that lie between its smallest and greatest acknowledged one and never came."""
    seen: dict[str, set[int]] = {}
    for raw in acknowledged:
        event = json.loads(raw)
        if "sequence" in event:
            seen.setdefault(event["source"], set()).add(int(event["sequence"]))
    return {source: max(found) - min(found) + 1 - len(found) for source, found in seen.items()}
