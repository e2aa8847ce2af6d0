"""What goes wrong with devices, on demand: a frozen value, a clock that is off; and what a loss must look like."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from simulators.facts import Fact
from simulators.moments import SECOND
from simulators.timestamps import replaced, shape_of

DRIFT: Final = 45 * SECOND
"""How far a drifting clock is ahead."""


class Frozen:
    """A device that says what it said first, at new times."""

    def __init__(self) -> None:
        self._first: dict[str, Mapping[str, Any]] = {}

    def __call__(self, fact: Fact) -> Fact:
        first = self._first.setdefault(fact.kind, fact.data)
        moments = shape_of(fact.kind)
        times = {name: value for name, value in fact.data.items() if name in moments}
        return fact._replace(data={**first, **times})


def drifted(fact: Fact, ahead: int = DRIFT) -> Fact:
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
