"""Measures compiled once at start: for each event type, what it adds to which KPI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from schemas.catalogue import Catalogue
from schemas.events.registry import STRUCTS
from schemas.measures import ANY_EVENT, COMMITTED, Condition, Measure, Reading, Term
from services.scorer.errors import MeasureError
from services.scorer.types import Part

MILLISECOND: Final = timedelta(milliseconds=1)


class Context(NamedTuple):
    """What a term may look at beside the event."""

    category: str
    stored_at: datetime


Get = Callable[[Any, Context], Any]
Test = Callable[[Any, Context], bool]


class Contribution(NamedTuple):
    """One term of one KPI, ready to run."""

    kpi: str
    at: Get
    """The moment whose bucket it enters; None leaves the event out."""
    tests: tuple[Test, ...]
    value: Get
    """Smallest units; None leaves the event out."""
    to_numerator: bool
    to_denominator: bool

    def part(self, event: Any, context: Context) -> Part | None:
        """What this event adds, or None."""
        for test in self.tests:
            if not test(event, context):
                return None
        value = self.value(event, context)
        if value is None:
            return None
        if self.to_numerator:
            return Part(value, 1 if self.to_denominator else 0, 1)
        return Part(0, value, 1)


Compiled = Mapping[type, tuple[Contribution, ...]]


def compile_measures(catalogue: Catalogue) -> Compiled:
    """All bound measures by event struct; MeasureError when a measure cannot work."""
    compiled: dict[type, list[Contribution]] = {struct: [] for struct in STRUCTS.values()}
    for kpi in (kpi for initiative in catalogue.initiatives for kpi in initiative.kpis):
        for struct, contribution in _contributions(kpi.code, kpi.measure):
            compiled[struct].append(contribution)
    return {struct: tuple(found) for struct, found in compiled.items()}


def _contributions(kpi: str, measure: Measure) -> Iterable[tuple[type, Contribution]]:
    for terms, to_numerator in ((measure.numerator, True), (measure.denominator, False)):
        for term in terms:
            for struct in _structs(kpi, term):
                yield struct, _compile(kpi, measure, term, struct, to_numerator=to_numerator)


def _structs(kpi: str, term: Term) -> Iterable[type]:
    if term.event == ANY_EVENT:
        return STRUCTS.values()
    try:
        return (STRUCTS[term.event],)
    except KeyError:
        raise MeasureError(f"KPI {kpi}: there is no event type {term.event}") from None


def _compile(kpi: str, measure: Measure, term: Term, struct: type, *, to_numerator: bool) -> Contribution:
    try:
        return Contribution(
            kpi,
            _getter(struct, term.at),
            tuple(_test(struct, condition) for condition in term.where),
            _value(struct, term.value),
            to_numerator,
            measure.kind == "mean",
        )
    except LookupError as error:
        raise MeasureError(f"KPI {kpi}: event type {term.event} has no field {error}") from None


def _getter(struct: type, field: str) -> Get:
    """Reads a field of the data, else of the envelope, else the moment of storing."""
    if field == COMMITTED:
        return lambda _event, context: context.stored_at
    envelope = {f.name: f.type for f in msgspec.structs.fields(struct)}
    if field in {f.name for f in msgspec.structs.fields(envelope["data"])}:
        return lambda event, _context: getattr(event.data, field)
    if field in envelope:
        return lambda event, _context: getattr(event, field)
    raise LookupError(field)


def _elapsed(struct: type, fields: tuple[str, str]) -> Get:
    begin, end = (_getter(struct, field) for field in fields)

    def milliseconds(event: Any, context: Context) -> int | None:
        first, last = begin(event, context), end(event, context)
        if first is None or last is None:
            return None
        # A clock that is ahead must not subtract from the others' durations.
        spent: int = (last - first) // MILLISECOND
        return max(0, spent)

    return milliseconds


def _value(struct: type, reading: Reading | None) -> Get:
    if reading is None:
        return lambda _event, _context: 1
    if reading.elapsed is not None:
        return _elapsed(struct, reading.elapsed)
    get, scale = _getter(struct, reading.field or ""), reading.scale

    def scaled(event: Any, context: Context) -> int | None:
        value = get(event, context)
        return None if value is None else round(value * scale)

    return scaled


def _test(struct: type, condition: Condition) -> Test:
    if condition.elapsed is not None and condition.at_most is not None:
        elapsed, limits = _elapsed(struct, condition.elapsed), condition.at_most.model_dump()
        return lambda event, context: (
            (spent := elapsed(event, context)) is not None and spent <= limits[context.category]
        )
    get = _getter(struct, condition.field or "")
    if condition.not_after is not None:
        other = _getter(struct, condition.not_after)
        return lambda event, context: bool(get(event, context) <= other(event, context))
    if condition.one_of is not None:
        allowed = frozenset(condition.one_of)
        return lambda event, context: get(event, context) in allowed
    if condition.present is not None:
        present = condition.present
        return lambda event, context: (get(event, context) is not None) is present
    expected = condition.equals
    return lambda event, context: bool(get(event, context) == expected)
