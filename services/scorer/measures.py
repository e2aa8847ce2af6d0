"""Measures compiled once at start: for each event type, what it adds to which KPI."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final, NamedTuple

import msgspec

from schemas.catalogue import Catalogue
from schemas.events.registry import STRUCTS
from schemas.measures import ANY_EVENT, COMMITTED, Condition, Measure, Reading, Term
from services.scorer.errors import MeasureError

MILLISECOND: Final = timedelta(milliseconds=1)


class Context(NamedTuple):
    """What a term may look at beside the event."""

    category: str
    stored_at: datetime


Field = Callable[[Any], Any]
Value = Callable[[Any, Context], Any]
Test = Callable[[Any, Context], bool]


class Contribution(NamedTuple):
    """One term of one KPI, ready to run."""

    kpi: str
    tests: tuple[Test, ...]
    value: Value
    """Smallest units; None leaves the event out."""
    to_numerator: bool
    to_denominator: bool
    binned: bool
    """Whether the value is a duration, of which bins are kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Dated:
    """Contributions of one event type that enter the bucket of the same moment."""

    at: Value
    contributions: tuple[Contribution, ...]


Compiled = Mapping[type, tuple[Dated, ...]]


def compile_measures(catalogue: Catalogue) -> Compiled:
    """All bound measures by event struct; MeasureError when a measure cannot work."""
    compiled: dict[type, dict[str, list[Contribution]]] = {struct: {} for struct in STRUCTS.values()}
    for kpi in (kpi for initiative in catalogue.initiatives for kpi in initiative.kpis):
        for struct, at, contribution in _contributions(kpi.code, kpi.measure):
            compiled[struct].setdefault(at, []).append(contribution)
    return {
        struct: tuple(Dated(_moment(struct, at), tuple(found)) for at, found in dated.items())
        for struct, dated in compiled.items()
    }


def _contributions(kpi: str, measure: Measure) -> Iterable[tuple[type, str, Contribution]]:
    for terms, to_numerator in ((measure.numerator, True), (measure.denominator, False)):
        for term in terms:
            for struct in _structs(kpi, term):
                yield struct, term.at, _compile(kpi, measure, term, struct, to_numerator=to_numerator)


def _structs(kpi: str, term: Term) -> Iterable[type]:
    if term.event == ANY_EVENT:
        return STRUCTS.values()
    try:
        return (STRUCTS[term.event],)
    except KeyError:
        raise MeasureError(f"KPI {kpi}: there is no event type {term.event}") from None


def _compile(kpi: str, measure: Measure, term: Term, struct: type, *, to_numerator: bool) -> Contribution:
    try:
        _moment(struct, term.at)
        return Contribution(
            kpi,
            tuple(_test(struct, condition) for condition in term.where),
            _value(struct, term.value),
            to_numerator,
            to_denominator=measure.kind == "mean" or not to_numerator,
            binned=measure.kind == "mean" and term.value is not None and term.value.elapsed is not None,
        )
    except LookupError as error:
        raise MeasureError(f"KPI {kpi}: event type {term.event} has no field {error}") from None


def _getter(struct: type, field: str) -> Field:
    """Reads a field of the data, else of the envelope; LookupError when there is none."""
    envelope = {f.name: f.type for f in msgspec.structs.fields(struct)}
    if field in {f.name for f in msgspec.structs.fields(envelope["data"])}:
        return attrgetter(f"data.{field}")
    if field in envelope:
        return attrgetter(field)
    raise LookupError(field)


def _moment(struct: type, field: str) -> Value:
    """Reads a timestamp, which may be that of storing."""
    if field == COMMITTED:
        return lambda _event, context: context.stored_at
    get = _getter(struct, field)
    return lambda event, _context: get(event)


def _elapsed(struct: type, fields: tuple[str, str]) -> Value:
    first, last = fields
    begin, end = _getter(struct, first), _moment(struct, last)

    def milliseconds(event: Any, context: Context) -> int | None:
        begun, ended = begin(event), end(event, context)
        if begun is None or ended is None:
            return None
        # A clock that is ahead must not subtract from the others' durations.
        return (ended - begun) // MILLISECOND if ended > begun else 0

    return milliseconds


def _value(struct: type, reading: Reading | None) -> Value:
    if reading is None:
        return lambda _event, _context: 1
    if reading.elapsed is not None:
        return _elapsed(struct, reading.elapsed)
    get, scale = _getter(struct, reading.field or ""), reading.scale

    def scaled(event: Any, _context: Context) -> int | None:
        value = get(event)
        return None if value is None else round(value * scale)

    return scaled


def _test(struct: type, condition: Condition) -> Test:
    if condition.elapsed is not None and condition.at_most is not None:
        elapsed, limits = _elapsed(struct, condition.elapsed), condition.at_most.model_dump()

        def within(event: Any, context: Context) -> bool:
            spent = elapsed(event, context)
            return spent is not None and spent <= limits[context.category]

        return within
    get = _getter(struct, condition.field or "")
    if condition.not_after is not None:
        other = _getter(struct, condition.not_after)
        return lambda event, _context: bool(get(event) <= other(event))
    if condition.one_of is not None:
        allowed = frozenset(condition.one_of)
        return lambda event, _context: get(event) in allowed
    if condition.present is not None:
        present = condition.present
        return lambda event, _context: (get(event) is not None) is present
    expected = condition.equals
    return lambda event, _context: bool(get(event) == expected)
