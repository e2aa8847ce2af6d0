"""What is news: a subject's state from one look to the next, as a pure function.

Quiet → (bad) → waiting → (bad for `wait_s`) → raised → (good for `wait_s`) → cleared, which is quiet again. What is
between the two limits changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from services.notify.rules import Rule

News = Literal["raised", "reminded", "cleared"]


@dataclass(frozen=True, slots=True)
class State:
    """Of one rule about one subject."""

    bad_since: datetime | None = None
    """While it waits to be raised."""
    raised_at: datetime | None = None
    """While it is raised."""
    good_since: datetime | None = None
    """While it waits to be cleared."""
    told_at: datetime | None = None
    """When it was raised or last reminded of."""


def following(before: State, rule: Rule, value: float, now: datetime) -> tuple[State, News | None]:
    """The state after a look, and what is news."""
    wait = timedelta(seconds=rule.wait_s)
    if before.raised_at is None:
        if not rule.bad(value):
            return State(), None
        since = before.bad_since or now
        if now - since < wait:
            return State(bad_since=since), None
        return State(raised_at=now, told_at=now), "raised"
    if rule.good(value):
        since = before.good_since or now
        if now - since >= wait:
            return State(), "cleared"
        return replace(before, good_since=since), None
    raised = replace(before, good_since=None)
    told = before.told_at or before.raised_at
    if rule.again_s is not None and rule.bad(value) and now - told >= timedelta(seconds=rule.again_s):
        return replace(raised, told_at=now), "reminded"
    return raised, None
