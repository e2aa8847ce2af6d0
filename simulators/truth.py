"""What the KPIs must be, from the acknowledged events alone: plain, slow, and without a line of the scorer's.

Numerators and denominators are integers in the smallest unit (ms, 10⁻³ points, cases). Annex 4, tables 1 and 2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Any, Final, NamedTuple

from simulators.moments import milliseconds

ANSWER_WITHIN_MS: Final = {"republican": 30_000, "regional": 45_000, "district": 90_000}


class Seen(NamedTuple):
    """An event that counts."""

    kind: str
    time: int
    recorded: int | None
    data: Mapping[str, Any]

    def at(self, field: str) -> int:
        """A timestamp of the data, in ms since 1970."""
        return _ms(self.data[field])


class Answer(NamedTuple):
    """A KPI over a window; `value` in the order's unit, None when there was no case."""

    numerator: int
    denominator: int
    value: Fraction | None


Sums = tuple[int, int]
Window = tuple[int, int]
"""Begin and end in ms since 1970, end excluded."""


def distinct(events: Iterable[bytes]) -> list[Seen]:
    """Each (source, id, time) once, however often it was delivered."""
    found: dict[tuple[str, str, int], Seen] = {}
    for raw in events:
        event = json.loads(raw)
        time = _ms(event["time"])
        recorded = _ms(event["recordedtime"]) if "recordedtime" in event else None
        kind = event["type"].removeprefix("kz.ahual.contact-centre.").removesuffix(".v1")
        found.setdefault((event["source"], event["id"], time), Seen(kind, time, recorded, event["data"]))
    return list(found.values())


def answer(code: str, events: Sequence[Seen], window: Window, category: str) -> Answer:
    """One KPI of `KPIS` over a window, for a city of this category."""
    numerator, denominator = KPIS[code](events, window, category)
    if code in _COUNTS:
        return Answer(numerator, denominator, Fraction(numerator))
    if denominator == 0:
        return Answer(numerator, denominator, None)
    return Answer(numerator, denominator, Fraction(numerator, denominator) / _UNIT[code])


def live(events: Iterable[Seen]) -> int:
    """Denominator of 1.1: events that a departmental system stamped."""
    return sum(1 for event in events if event.recorded is not None)


def _ms(text: str) -> int:
    return milliseconds(datetime.fromisoformat(text))


def _inside(window: Window, ms: int) -> bool:
    return window[0] <= ms < window[1]


def _of(events: Sequence[Seen], kind: str, window: Window, field: str | None = None) -> list[Seen]:
    """Events of a kind whose time, or this timestamp of their data, lies in the window."""
    chosen = [event for event in events if event.kind == kind]
    return [event for event in chosen if _inside(window, event.at(field) if field else event.time)]


def _answered_in_time(events: Sequence[Seen], window: Window, category: str) -> Sums:
    answered = _of(events, "call-answered", window)
    within = [call for call in answered if call.at("answered_at") - call.at("queued_at") <= ANSWER_WITHIN_MS[category]]
    return len(within), len(answered) + len(_of(events, "call-abandoned", window))


def _resolved_in_time(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    due = _of(events, "request-registered", window, "due_at")
    resolved = _of(events, "request-resolved", window, "due_at")
    return len([r for r in resolved if r.at("resolved_at") <= r.at("due_at")]), len(due)


def _mean_score(survey: str) -> Callable[[Sequence[Seen], Window, str], Sums]:
    def scores(events: Sequence[Seen], window: Window, _category: str) -> Sums:
        rated = [e.data["score"] for e in _of(events, "survey-answered", window) if e.data["survey"] == survey]
        return 1000 * sum(rated), len(rated)

    return scores


def _mean_wait(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    waits = [call.at("answered_at") - call.at("queued_at") for call in _of(events, "call-answered", window)]
    return sum(waits), len(waits)


def _first_contact(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    resolved = _of(events, "request-resolved", window, "registered_at")
    registered = _of(events, "request-registered", window, "registered_at")
    return len([r for r in resolved if r.data["first_contact"]]), len(registered)


def _registered(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    return len(_of(events, "request-registered", window)), 0


def _forwarded(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    forwarded = _of(events, "request-forwarded", window, "registered_at")
    registered = _of(events, "request-registered", window, "registered_at")
    return len([f for f in forwarded if f.data["attempt"] == 1]), len(registered)


def _incident_time(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    resolved = [r for r in _of(events, "request-resolved", window) if r.data["kind"] == "incident"]
    return sum(r.at("resolved_at") - r.at("registered_at") for r in resolved), len(resolved)


def _repeated(events: Sequence[Seen], window: Window, _category: str) -> Sums:
    registered = _of(events, "request-registered", window)
    repeats = [r for r in registered if r.data["kind"] == "complaint" and r.data.get("repeat_of")]
    return len(repeats), len(registered)


KPIS: Final[Mapping[str, Callable[[Sequence[Seen], Window, str], Sums]]] = {
    "1.8": _answered_in_time,
    "1.9": _resolved_in_time,
    "1.10": _mean_score("request_closed"),
    "2.1": _mean_wait,
    "2.2": _first_contact,
    "2.3": _mean_score("service"),
    "2.4": _registered,
    "2.5": _forwarded,
    "2.6": _incident_time,
    "2.7": _repeated,
}
_PERCENT: Final = Fraction(1, 100)
_UNIT: Final[Mapping[str, Fraction | int]] = {
    "1.8": _PERCENT,
    "1.9": _PERCENT,
    "1.10": 1000,
    "2.1": 1000,
    "2.2": _PERCENT,
    "2.3": 1000,
    "2.5": _PERCENT,
    "2.6": 3_600_000,
    "2.7": _PERCENT,
}
"""Smallest units in one unit of the KPI."""
_COUNTS: Final = {"2.4"}
