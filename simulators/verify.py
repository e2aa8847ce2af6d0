"""One snapshot, live or closed, held against the truth, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple, get_args

from schemas.snapshot import ClosedKpi, ClosedSnapshot, KpiState, KpiValue, Snapshot
from simulators import score
from simulators.expectation import LATENCY, Basis, Expectation, Figure, expect
from simulators.moments import milliseconds, rfc3339
from simulators.truths.events import Events, Place
from simulators.truths.values import Value

TIMEZONE: Final = "Asia/Almaty"
"""Of every simulated city: Kazakhstan has one time zone."""
BASES: Final[tuple[Basis, ...]] = get_args(Basis)
_ORDER: Final = {code: number for number, code in enumerate(score.ROWS)}


class Difference(NamedTuple):
    """One number that is not what it must be."""

    kpi: str
    """Code, or `index`."""
    what: str
    expected: str
    found: str


def compare(snapshot: Snapshot | ClosedSnapshot, delivered: Iterable[bytes]) -> list[Difference]:
    """All differences; none means every figure and the index are right to the last digit."""
    return differences(snapshot, Events(delivered, Place(snapshot.category.value, TIMEZONE)))


def differences(snapshot: Snapshot | ClosedSnapshot, events: Events) -> list[Difference]:
    """All differences between a snapshot and what the events make of it.

    Integers must be equal. Floats may differ where IEEE 754 makes them: values in the 12th digit, the index after the
    ninth decimal, which is where the methodology rounds. A closed period that was never stored has no figures.
    """
    truth = expected(snapshot, events)
    found = [*_latency(snapshot, events), *_bounds(snapshot, truth)]
    for code, state in snapshot.kpis.items():
        if code != LATENCY:
            found += _kpi(code, state, truth.figures.get(code))
    absent = score.criteria(snapshot.category.value).keys() - snapshot.kpis.keys()
    found += [Difference(code, "kpi", "present", "absent") for code in absent]
    return sorted(found, key=lambda one: _ORDER.get(one.kpi, len(_ORDER)))


def expected(snapshot: Snapshot | ClosedSnapshot, events: Events) -> Expectation:
    """What the snapshot must be."""
    latency = snapshot.kpis.get(LATENCY)
    given: Fraction | Literal["not_applicable"] | None = None
    if latency and latency.freshness == "not_applicable":
        given = "not_applicable"
    elif latency and isinstance(latency.value, float):
        given = Fraction(latency.value)
    basis: Basis = "closed" if isinstance(snapshot, ClosedSnapshot) else "live"
    return expect(events, milliseconds(snapshot.computed_at), basis, given)


def _kpi(code: str, state: KpiState, figure: Figure | None) -> Iterator[Difference]:
    if figure is None:
        if state.value is not None:
            yield Difference(code, "value", "no truth yet", str(state.value))
        return
    truth = figure.answer
    if isinstance(state, ClosedKpi) and state.period_revision is None and truth.value is None:
        return
    window = (milliseconds(state.window.begin), milliseconds(state.window.end))
    if window != figure.window:
        yield Difference(code, "window", _span(figure.window), _span(window))
    if state.numerator != truth.numerator:
        yield Difference(code, "numerator", str(truth.numerator), str(state.numerator))
    if state.denominator != truth.denominator:
        yield Difference(code, "denominator", str(truth.denominator), str(state.denominator))
    if state.freshness != truth.state:
        yield Difference(code, "state", truth.state, state.freshness)
    if not _same_value(state.value, truth.value):
        yield Difference(code, "value", _shown(truth.value), str(state.value))
    if not _same_value(state.attainment, figure.attainment):
        yield Difference(code, "attainment", _shown(figure.attainment), str(state.attainment))


def _latency(snapshot: Snapshot | ClosedSnapshot, events: Events) -> Iterator[Difference]:
    """1.1 runs to the commit, which only the other side knows: its count is checked, its sum is taken as given."""
    state = snapshot.kpis.get(LATENCY)
    if state is None:
        return
    begin, end = milliseconds(state.window.begin), milliseconds(state.window.end)
    stamped = [event.recorded for event in events.all if event.recorded is not None]
    all_inside = all(begin <= recorded < end for recorded in stamped)
    if not isinstance(state, ClosedKpi) and all_inside and (state.denominator or 0) != len(stamped):
        yield Difference(LATENCY, "denominator", str(len(stamped)), str(state.denominator))
    if state.value is not None and state.denominator:
        value = Fraction(state.numerator or 0, state.denominator) / 60_000
        if not _same_value(state.value, value):
            yield Difference(LATENCY, "value", _shown(value), str(state.value))


def _bounds(snapshot: Snapshot | ClosedSnapshot, truth: Expectation) -> Iterator[Difference]:
    for name in ("index", "lower", "upper"):
        value: Fraction | None = getattr(truth.score, name)
        found: float | None = getattr(snapshot, name)
        if not _same_index(found, value):
            yield Difference("index", name, _shown(value), str(found))


def _same_value(found: KpiValue | None, expected: Value | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    if isinstance(found, Mapping):
        return (
            isinstance(expected, Mapping)
            and found.keys() == expected.keys()
            and all(_same_value(found[name], expected[name]) for name in expected)
        )
    return not isinstance(expected, Mapping) and math.isclose(found, float(expected), rel_tol=1e-12, abs_tol=1e-12)


def _same_index(found: float | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return abs(found - float(expected)) < 1e-9


def _span(window: tuple[int, int]) -> str:
    return f"{rfc3339(window[0])} … {rfc3339(window[1])}"


def _shown(value: Value | None) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {float(part)!r}" for name, part in value.items())
    return "none" if value is None else repr(float(value))
