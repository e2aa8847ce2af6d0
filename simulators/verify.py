"""One live snapshot held against the truth, number by number."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from schemas.snapshot import KpiState, KpiValue, Snapshot
from simulators import score
from simulators.moments import DAY, milliseconds
from simulators.truths import TRUTHS
from simulators.truths.events import Events, Place
from simulators.truths.values import Asked, Value, answer

TIMEZONE: Final = "Asia/Almaty"
"""Of every simulated city: Kazakhstan has one time zone."""
_LENGTH: Final = {"day": DAY, "week": 7 * DAY, "month": 30 * DAY, "quarter": 91 * DAY, "year": 365 * DAY}


class Difference(NamedTuple):
    """One number that is not what it must be."""

    kpi: str
    """Code, or `index`."""
    what: str
    expected: str
    found: str


def compare(snapshot: Snapshot, delivered: Iterable[bytes]) -> list[Difference]:
    """All differences; none means every figure of the simulated KPIs and the index are right to the last digit.

    Integers must be equal. Floats may differ where IEEE 754 makes them: values in the 13th digit, the index after the
    ninth decimal, which is where the methodology rounds.
    """
    events = Events(delivered, Place(snapshot.category.value, TIMEZONE))
    found: list[Difference] = []
    values: dict[str, Fraction] = {}
    for code in score.SCORED:
        state = snapshot.kpis.get(code)
        if state is None:
            if snapshot.category.value in score.SCORED[code].target:
                found.append(Difference(code, "kpi", "present", "absent"))
            continue
        value = _first_kpi(state, events, found) if code == "1.1" else _kpi(code, state, snapshot, events, found)
        if value is not None:
            values[code] = value
    found += _unknown(snapshot)
    expected = score.index(snapshot.category.value, values)
    if not _same_index(snapshot.index, expected):
        found.append(Difference("index", "index", _shown(expected), str(snapshot.index)))
    return found


def _kpi(code: str, state: KpiState, snapshot: Snapshot, events: Events, found: list[Difference]) -> Fraction | None:
    begin, end = milliseconds(state.window.begin), milliseconds(state.window.end)
    length = _LENGTH[state.period.value]
    asked = Asked((begin, end), (begin - length, begin), milliseconds(snapshot.computed_at), length)
    expected = answer(TRUTHS[code], events, asked)
    if state.numerator != expected.numerator:
        found.append(Difference(code, "numerator", str(expected.numerator), str(state.numerator)))
    if state.denominator != expected.denominator:
        found.append(Difference(code, "denominator", str(expected.denominator), str(state.denominator)))
    if not _same_value(state.value, expected.value):
        found.append(Difference(code, "value", _shown(expected.value), str(state.value)))
    return expected.value if isinstance(expected.value, Fraction) else None


def _first_kpi(state: KpiState, events: Events, found: list[Difference]) -> Fraction | None:
    """1.1 runs to the commit, which only the other side knows: its count is checked, its sum is taken as given."""
    begin, end = milliseconds(state.window.begin), milliseconds(state.window.end)
    stamped = [event.recorded for event in events.all if event.recorded is not None]
    if all(begin <= recorded < end for recorded in stamped) and (state.denominator or 0) != len(stamped):
        found.append(Difference("1.1", "denominator", str(len(stamped)), str(state.denominator)))
    if state.value is None or not state.denominator:
        return None
    value = Fraction(state.numerator or 0, state.denominator) / 60_000
    if not _same_value(state.value, value):
        found.append(Difference("1.1", "value", _shown(value), str(state.value)))
    return value


def _unknown(snapshot: Snapshot) -> Iterator[Difference]:
    for code, state in snapshot.kpis.items():
        if code not in score.SCORED and state.value is not None:
            yield Difference(code, "value", "missing", str(state.value))


def _same_value(found: KpiValue | None, expected: Value | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    if isinstance(found, Mapping) or isinstance(expected, Mapping):
        in_parts = isinstance(found, Mapping) and isinstance(expected, Mapping) and found.keys() == expected.keys()
        return in_parts and all(_same_value(found[name], expected[name]) for name in expected)  # type: ignore[index,union-attr]
    return math.isclose(found, float(expected), rel_tol=1e-13, abs_tol=0.0)


def _same_index(found: float | None, expected: Fraction | None) -> bool:
    if found is None or expected is None:
        return found is None and expected is None
    return abs(found - float(expected)) < 1e-9


def _shown(value: Value | None) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {float(part)!r}" for name, part in value.items())
    return "none" if value is None else repr(float(value))
