"""What a batch shows of its sources: which systems reported in which hour."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.scorer.tiers import hour_of
from services.scorer.types import Decoded


class ActivityKey(NamedTuple):
    """A system of a city in an hour of event time."""

    city: str
    system: str
    bucket: datetime


class Activity(NamedTuple):
    """How many events a system reported, and the newest of their times."""

    events: int
    newest: datetime


def activity(events: Iterable[Decoded]) -> dict[ActivityKey, Activity]:
    """Which systems reported, hour by hour of event time."""
    times: dict[tuple[str, str, datetime], list[datetime]] = {}
    for decoded in events:
        time = decoded.key.time
        identity = decoded.identity
        times.setdefault((identity.city, identity.system, hour_of(time)), []).append(time)
    return {ActivityKey(*key): Activity(len(found), max(found)) for key, found in times.items()}
