"""What a city's score must be at a moment, figure by figure: live over trailing windows, or over closed periods."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple

from simulators import score
from simulators.moments import rfc3339
from simulators.score import Category, Score
from simulators.truths import TRUTHS, windows
from simulators.truths.events import Events, Window
from simulators.truths.values import Answer, Asked, Value, answer

Basis = Literal["live", "closed"]
LATENCY = "1.1"
"""The KPI that runs to the commit, which only the other side knows: its value is taken as given."""
GRACE = 5 * 60_000
"""A calendar period is closed so long after its end, in ms."""


class Figure(NamedTuple):
    """One KPI as it must be."""

    window: Window
    answer: Answer
    attainment: Fraction | None


class Expectation(NamedTuple):
    """A whole score as it must be; `at` in ms since 1970."""

    basis: Basis
    at: int
    figures: Mapping[str, Figure]
    score: Score

    def as_json(self) -> dict[str, Any]:
        """The truth as it is written to a file: fractions exact, as text, with their decimal form beside them."""
        return {
            "basis": self.basis,
            "at": rfc3339(self.at),
            "index": _number(self.score.index),
            "lower": _number(self.score.lower),
            "upper": _number(self.score.upper),
            "kpis": {code: _as_json(figure) for code, figure in self.figures.items()},
        }


def expect(
    events: Events, at: int, basis: Basis, latency: Fraction | Literal["not_applicable"] | None = None
) -> Expectation:
    """The truth at a moment over everything the city is scored on; `latency` is what 1.1 came to."""
    category: Category = events.place.category  # type: ignore[assignment]
    criteria = score.criteria(category)
    figures: dict[str, Figure] = {}
    for code, one in criteria.items():
        if code in TRUTHS:
            asked = asked_of(code, events.place.timezone, at, basis)
            found = answer(TRUTHS[code], events, asked)
            reached = None if found.value is None else score.attainment(one.target, found.value)
            figures[code] = Figure(asked.window, found, reached)
    values: dict[str, Value] = {code: one.answer.value for code, one in figures.items() if one.answer.value is not None}
    if isinstance(latency, Fraction) and LATENCY in criteria:
        values[LATENCY] = latency
    not_applicable = {code for code, one in figures.items() if one.answer.state == "not_applicable"}
    if latency == "not_applicable":
        not_applicable.add(LATENCY)
    return Expectation(basis, at, figures, score.index(category, values, not_applicable))


def asked_of(code: str, timezone: str, at: int, basis: Basis) -> Asked:
    """The windows a KPI is asked about at a moment."""
    period, kpi = score.ROWS[code].period, TRUTHS.get(code)
    length = windows.LENGTH[period]
    if basis == "live":
        window = windows.trailing(period, at, timezone, cohort=kpi is not None and kpi.cohort)
        return Asked(window, windows.before(window, period, timezone), at, length)
    running = windows.calendar(period, at - GRACE, timezone)
    window = windows.calendar_before(running, period, timezone)
    return Asked(window, windows.calendar_before(window, period, timezone), window[1] - 1, length)


def _as_json(figure: Figure) -> dict[str, Any]:
    found = figure.answer
    return {
        "begin": rfc3339(figure.window[0]),
        "end": rfc3339(figure.window[1]),
        "state": found.state,
        "numerator": found.numerator,
        "denominator": found.denominator,
        "value": _value(found.value),
        "attainment": _number(figure.attainment),
    }


def _value(value: Value | None) -> Any:
    return {name: _number(part) for name, part in value.items()} if isinstance(value, Mapping) else _number(value)


def _number(value: Fraction | None) -> dict[str, Any] | None:
    return None if value is None else {"exact": str(value), "decimal": float(value)}
