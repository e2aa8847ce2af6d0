"""What stored state is worth, kind by kind: pure functions from sums and totals to a value in the KPI's unit."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, Literal, NamedTuple

from schemas.measures import Measure
from schemas.snapshot import Window
from services.cityscore.attainment import Value

PROBED_ENOUGH: Final = 0.9
"""Share of a window that probes must cover before the rest counts as not available."""
FROM_NOTHING: Final = 1e9
"""Percent: a growth from nothing, which has no finite value."""
MILLISECOND: Final = timedelta(milliseconds=1)

Absent = Literal["missing", "not_applicable"]


class Sums(NamedTuple):
    """Parts, summed over a window."""

    numerator: int = 0
    denominator: int = 0
    events: int = 0


class Total(NamedTuple):
    """Dated entries that hold at one moment: the newest of each source, added up."""

    value: int
    newest: datetime


class Facts(NamedTuple):
    """What is stored about a KPI over one window."""

    parts: Mapping[str, Sums] = {}
    """Per component; all under `""` where the measure has none."""
    totals: Mapping[tuple[str, bool], Total] = {}
    """Per component and side (True: base), as of the window's end."""

    @property
    def sums(self) -> Sums:
        """All components together."""
        return Sums(*map(sum, zip(*self.parts.values(), strict=True))) if self.parts else Sums()

    def of(self, component: str) -> Facts:
        """What is stored about one component, as if it were a KPI."""
        totals = {("", base): total for (name, base), total in self.totals.items() if name == component}
        parts = {"": self.parts[component]} if component in self.parts else {}
        return Facts(parts, totals)


class Span(NamedTuple):
    """The part of a window that has passed, and which systems are connected to the city at all."""

    window: Window
    now: datetime
    systems: Collection[str] = ()

    @property
    def milliseconds(self) -> int:
        """How much of the window has passed, rounded up: the last moment of a whole one stands for its end."""
        return -((self.window.begin - min(self.window.end, self.now)) // MILLISECOND)


def value_of(measure: Measure, facts: Facts, before: Facts, span: Span) -> Value | Absent:
    """The value in the KPI's unit, or why there is none."""
    match measure.kind:
        case "change":
            return _change(measure, facts, before)
        case "spacing":
            return _spacing(measure, facts, span)
        case "uptime":
            return _uptime(measure, facts.sums, span)
        case "composite":
            return _composite(measure, facts)
        case _:
            return _simple(measure, facts)


def _simple(measure: Measure, facts: Facts) -> float | Absent:
    """Count, sum, mean, share, ratio and latest; also what a change or a composite is made of."""
    match measure.shape:
        case "count" | "sum":
            return facts.sums.numerator / measure.scale
        case "share":
            return _share(measure, facts)
        case "latest":
            return _latest(measure, facts)
        case _:
            return _quotient(measure, facts)


def _quotient(measure: Measure, facts: Facts) -> float | Absent:
    sums = facts.sums
    if measure.base:
        base = facts.totals.get(("", True))
        return sums.numerator / base.value / measure.scale if base and base.value else "missing"
    return sums.numerator / sums.denominator / measure.scale if sums.denominator else "not_applicable"


def _share(measure: Measure, facts: Facts) -> float | Absent:
    sums = facts.sums
    if measure.per:
        cases = [part for part in facts.parts.values() if part.denominator]
        sums = Sums(sum(part.numerator == part.denominator for part in cases), len(cases))
    if not sums.denominator:
        return "not_applicable"
    share = 100 * sums.numerator / sums.denominator
    # A period may know more closed cases than opened ones, where it began before the data: then nothing is overdue.
    return max(0.0, 100 - share) if measure.complement else share


def _latest(measure: Measure, facts: Facts) -> float | Absent:
    total, base = facts.totals.get(("", False)), facts.totals.get(("", True))
    if total is None or (measure.base and not (base and base.value)):
        return "missing"
    return total.value / (base.value if base else 1) / measure.scale


def _change(measure: Measure, facts: Facts, before: Facts) -> float | Absent:
    now, then = _simple(measure, facts), _simple(measure, before)
    if isinstance(then, str):
        return "missing"
    if isinstance(now, str):
        return now
    growth = -100.0 if now == 0 else FROM_NOTHING if then == 0 else 100 * (now - then) / then
    return growth if measure.counted == "growth" else max(0.0, -growth)


def _spacing(measure: Measure, facts: Facts, span: Span) -> Value | Absent:
    """Per group, the mean over its connected systems of passed time over updates; absent where one fell silent."""
    hours = {}
    for group, systems in measure.groups.items():
        updates = [facts.parts.get(name, Sums()).events for name in systems if name in span.systems]
        if updates and all(updates):
            hours[group] = sum(span.milliseconds / n for n in updates) / len(updates) / measure.scale
    return hours or "missing"


def _uptime(measure: Measure, sums: Sums, span: Span) -> float | Absent:
    """Good milliseconds of all that passed; of all that were probed, where several observers make them more."""
    if sums.denominator < PROBED_ENOUGH * span.milliseconds:
        return "missing"
    return sums.numerator / max(span.milliseconds, sums.denominator) / measure.scale


def _composite(measure: Measure, facts: Facts) -> float | Absent:
    values = [_simple(part, facts.of(name)) for name, part in measure.components.items()]
    numbers = [value for value in values if not isinstance(value, str)]
    if len(numbers) < len(values):
        return "missing" if "missing" in values else "not_applicable"
    total = sum(numbers)
    return (total / len(numbers) if measure.combine == "mean" else total) / measure.scale
