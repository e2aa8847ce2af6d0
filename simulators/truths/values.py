"""The sums behind every KPI, and when there is no value: plain, exact, and without a line of the scorer's.

The rules are those of docs/measures.md ("Kinds", "When there is a value") and of annex 4's formulas.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from simulators.moments import DAY, HOUR
from simulators.truths.events import Events, Seen, Window
from simulators.truths.kpi import Added, Kpi

BASE_VALID: Final = 730 * DAY
ENOUGH: Final = Fraction(9, 10)
"""Share of a window in which sources must have reported (or probes been made) before silence means nothing."""
FROM_NOTHING: Final = Fraction(10**9)
"""Percent: a growth from nothing."""

State = Literal["fresh", "stale", "missing", "not_applicable"]
Value = Fraction | Mapping[str, Fraction]


class Asked(NamedTuple):
    """What is asked of a KPI."""

    window: Window
    before: Window
    """What a change is compared with."""
    now: int
    """Freshness is judged as of then, and what is dated later is not known yet."""
    length: int
    """Of the KPI's period, in ms."""

    @property
    def passed(self) -> int:
        """Milliseconds of the window that are over; the running one is: `now` is known to the millisecond only."""
        return min(self.window[1], self.now + 1) - self.window[0]


class Answer(NamedTuple):
    """A KPI over a window, `value` in the order's unit; numerator and denominator in the smallest unit."""

    numerator: int
    denominator: int
    value: Value | None
    state: State


def answer(kpi: Kpi, events: Events, asked: Asked) -> Answer:
    """The truth about one KPI."""
    numerator, denominator = _shown(kpi, events, asked)
    state = freshness(_newest(kpi, events, asked), asked)
    if state == "missing" or _unbelievable(kpi, events, asked, numerator):
        return Answer(numerator, denominator, None, "missing")
    value = _changed(kpi, events, asked) if kpi.change else _value(kpi, events, asked)
    if isinstance(value, str):
        return Answer(numerator, denominator, None, value)
    return Answer(numerator, denominator, value, state)


def freshness(newest: int | None, asked: Asked) -> State:
    """Fresh within a period and a tenth, stale until two, then missing."""
    if newest is None or asked.now - newest > 2 * asked.length:
        return "missing"
    return "fresh" if 10 * (asked.now - newest) <= 11 * asked.length else "stale"


def covered(events: Events, sources: Sequence[str], window: Window) -> Fraction:
    """Share of the window's hours (up to a week) or days in which the source that reported least did report."""
    slice_ms = HOUR if window[1] - window[0] <= 7 * DAY else DAY
    begin = window[0] // HOUR * HOUR
    wanted = max(1, (window[1] - window[0]) // slice_ms)
    heard = [
        len({(time - begin) // slice_ms for time in events.reported(system) if begin <= time < window[1]})
        for system in sources or events.systems
    ]
    least = (min if sources else max)(heard, default=0)
    return min(Fraction(1), Fraction(least, wanted))


def _newest(kpi: Kpi, events: Events, asked: Asked) -> int | None:
    """From when the newest data are: of inventories the older side of the fraction, else the source furthest behind."""
    if kpi.shape == "latest":
        sides = [_held(kpi.numerator, events, asked.now, _validity(kpi, asked))]
        if kpi.base:
            sides.append(_held(kpi.base, events, asked.now, _base_validity(kpi)))
        return min(max(entry.at for entry in side) for side in sides) if all(sides) else None
    moments = [events.newest(system, asked.now) for system in kpi.sources or events.systems]
    if not kpi.sources:
        return max((moment for moment in moments if moment is not None), default=None)
    known = [moment for moment in moments if moment is not None]
    return min(known) if len(known) == len(moments) else None


def _unbelievable(kpi: Kpi, events: Events, asked: Asked, numerator: int) -> bool:
    """Whether silence would have given the same: a zero of a count or rate, a change of a count."""
    windows = []
    if kpi.change:
        windows = [asked.window, asked.before] if kpi.shape in ("count", "sum") else []
    elif kpi.shape in ("count", "sum", "ratio") and numerator == 0:
        windows = [asked.window]
    return any(covered(events, kpi.sources, window) < ENOUGH for window in windows)


def _changed(kpi: Kpi, events: Events, asked: Asked) -> Fraction | State:
    now = _value(kpi, events, asked)
    end = asked.before[1]
    then = _value(kpi, events, asked._replace(window=asked.before, now=end - 1))
    if not isinstance(then, Fraction):
        return "missing"
    if not isinstance(now, Fraction):
        return "not_applicable" if now == "not_applicable" else "missing"
    growth = Fraction(-100) if now == 0 else FROM_NOTHING if then == 0 else 100 * (now - then) / then
    return growth if kpi.change == "growth" else max(Fraction(0), -growth)


def _value(kpi: Kpi, events: Events, asked: Asked) -> Value | State:
    numerator, denominator = _shown(kpi, events, asked)
    match kpi.shape:
        case "count" | "sum":
            return Fraction(numerator) / kpi.scale
        case "share":
            return _share(kpi, events, asked, (numerator, denominator))
        case "latest" | "ratio":
            return _quotient(kpi, events, asked, (numerator, denominator))
        case "spacing":
            return _spacing(kpi, events, asked)
        case "uptime":
            if denominator < ENOUGH * asked.passed:
                return "missing"
            return Fraction(numerator, max(asked.passed, denominator)) / kpi.scale
        case "composite":
            return _composite(kpi, events, asked)
        case "mean":
            return Fraction(numerator, denominator) / kpi.scale if denominator else "not_applicable"


def _share(kpi: Kpi, events: Events, asked: Asked, sums: tuple[int, int]) -> Fraction | State:
    numerator, denominator = sums
    if kpi.per:
        met, cases = _by_case(kpi, kpi.numerator, events, asked), _by_case(kpi, kpi.denominator, events, asked)
        numerator, denominator = sum(met.get(case, 0) == count for case, count in cases.items()), len(cases)
    if not denominator:
        return "not_applicable"
    share = Fraction(100 * numerator, denominator)
    return max(Fraction(0), 100 - share) if kpi.complement else share


def _by_case(kpi: Kpi, side: Iterable[Added], events: Events, asked: Asked) -> dict[object, int]:
    assert kpi.per  # noqa: S101  (only asked of a share per case)
    found: dict[object, int] = {}
    for added, seen in _counted(side, events, asked.window):
        case = kpi.per(seen)
        found[case] = found.get(case, 0) + added.amount(seen)
    return found


def _quotient(kpi: Kpi, events: Events, asked: Asked, sums: tuple[int, int]) -> Fraction | State:
    numerator, denominator = sums
    if kpi.shape == "latest" and not _held(kpi.numerator, events, asked.now, _validity(kpi, asked)):
        return "missing"
    if kpi.shape == "latest" and not kpi.base:
        return Fraction(numerator) / kpi.scale
    if denominator:
        return Fraction(numerator, denominator) / kpi.scale
    return "missing" if kpi.base else "not_applicable"


def _spacing(kpi: Kpi, events: Events, asked: Asked) -> Mapping[str, Fraction] | State:
    """1.4: per category of data the mean over its connected systems of passed time over updates; none while one is
    silent."""
    hours: dict[str, Fraction] = {}
    for group, systems in (kpi.groups or {}).items():
        counts = [_updates(events, system, asked.window) for system in systems if events.times(system)]
        if counts and all(counts):
            each = [Fraction(asked.passed, count) for count in counts]
            hours[group] = sum(each, Fraction()) / len(each) / kpi.scale
    return hours or "missing"


def _updates(events: Events, system: str, window: Window) -> int:
    return sum(window[0] <= time < window[1] for time in events.times(system))


def _composite(kpi: Kpi, events: Events, asked: Asked) -> Fraction | State:
    values = [_value(part, events, asked) for part in (kpi.components or {}).values()]
    numbers = [value for value in values if isinstance(value, Fraction)]
    if len(numbers) < len(values):
        return "missing" if "missing" in values else "not_applicable"
    total = sum(numbers, Fraction())
    return (total / len(numbers) if kpi.combine == "mean" else total) / kpi.scale


def _shown(kpi: Kpi, events: Events, asked: Asked) -> tuple[int, int]:
    """Numerator and denominator; a base or an inventory stands where a sum would."""
    if kpi.shape == "spacing":
        systems = [system for group in (kpi.groups or {}).values() for system in group]
        return sum(_updates(events, system, asked.window) for system in systems), 0
    if kpi.components:
        parts = [_shown(part, events, asked) for part in kpi.components.values() if part.shape != "latest"]
        return sum(part[0] for part in parts), sum(part[1] for part in parts)
    if kpi.shape == "latest":
        numerator = sum(entry.total for entry in _held(kpi.numerator, events, asked.now, _validity(kpi, asked)))
    else:
        numerator = _sum(kpi.numerator, events, asked.window)
    if kpi.base:
        return numerator, sum(entry.total for entry in _held(kpi.base, events, asked.now, _base_validity(kpi)))
    if kpi.shape == "mean":
        return numerator, sum(1 for _ in _counted(kpi.numerator, events, asked.window))
    return numerator, _sum(kpi.denominator, events, asked.window)


def _sum(side: Iterable[Added], events: Events, window: Window) -> int:
    return sum(added.amount(seen) for added, seen in _counted(side, events, window))


def _counted(side: Iterable[Added], events: Events, window: Window) -> Iterable[tuple[Added, Seen]]:
    for added in side:
        for seen in events.elements(added.kind, added.each) if added.each else events.of(added.kind):
            if added.when(seen) and window[0] <= _at(added, seen) < window[1]:
                yield added, seen


def _at(added: Added, seen: Seen) -> int:
    return seen.at(added.at) if isinstance(added.at, str) else added.at(seen)


class _Entry(NamedTuple):
    """A dated total."""

    at: int
    time: int
    total: int
    until: int | None


def _held(side: Sequence[Added], events: Events, now: int, valid: int) -> list[_Entry]:
    """Of every source and district the newest total that is not older than `valid`, unless it has ceased to hold."""
    newest: dict[tuple[int, str, str, str], _Entry] = {}
    for term, added in enumerate(side):
        for seen in events.of(added.kind):
            if added.when(seen) and now - valid < (at := _at(added, seen)) <= now:
                place = (term, seen.system, seen.device, seen.data.get("district") or "")
                until = seen.data.get(added.until) if added.until else None
                entry = _Entry(at, seen.time, added.amount(seen), until)
                newest[place] = max(newest.get(place, entry), entry, key=lambda e: (e.at, e.time))
    return [entry for entry in newest.values() if entry.until is None or entry.until > now]


def _validity(kpi: Kpi, asked: Asked) -> int:
    return kpi.valid_days * DAY if kpi.valid_days else 2 * asked.length


def _base_validity(kpi: Kpi) -> int:
    return kpi.valid_days * DAY if kpi.valid_days else BASE_VALID
