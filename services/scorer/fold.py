"""Folding events into parts: a pure sum, so order and batch cuts never matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from services.scorer.measures import Compiled, Context
from services.scorer.tiers import hour_of, minute_of
from services.scorer.types import City, Decoded, Part, PartKey, Parts


class ActivityKey(NamedTuple):
    """A system of a city in an hour of event time."""

    city: str
    system: str
    bucket: datetime


class Activity(NamedTuple):
    """How many events a system reported, and the newest of their times."""

    events: int
    newest: datetime


def fold(events: Iterable[Decoded], compiled: Compiled, cities: Mapping[str, City], stored_at: datetime) -> Parts:
    """What the events add, in minutes."""
    sums: dict[PartKey, list[int]] = {}
    for decoded in events:
        event = decoded.event
        city = cities[decoded.identity.city]
        context = Context(city.category, stored_at)
        district = event.data.district or ""
        for contribution in compiled[type(event)]:
            part = contribution.part(event, context)
            if part is None:
                continue
            bucket = minute_of(contribution.at(event, context))
            key = PartKey(city.code, contribution.kpi, "", district, bucket)
            total = sums.get(key)
            if total is None:
                sums[key] = list(part)
            else:
                total[0] += part[0]
                total[1] += part[1]
                total[2] += part[2]
    return {key: Part(*total) for key, total in sums.items()}


def activity(events: Iterable[Decoded]) -> dict[ActivityKey, Activity]:
    """Which systems reported, hour by hour of event time."""
    found: dict[ActivityKey, Activity] = {}
    for decoded in events:
        time = decoded.key.time
        key = ActivityKey(decoded.identity.city, decoded.identity.system, hour_of(time))
        old = found.get(key)
        found[key] = Activity(1, time) if old is None else Activity(old.events + 1, max(old.newest, time))
    return found
