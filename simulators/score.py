"""Attainment and index of the simulated KPIs, with a copy of their targets of its own (annex 4, tables 1 and 2).

All of them belong to one section of annex 5, city management, so the index is that section's mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Literal, NamedTuple


class _Scored(NamedTuple):
    weight: int
    better: Literal["more", "less"]
    target: Mapping[str, Fraction]


def _row(weight: int, better: Literal["more", "less"], **target: str) -> _Scored:
    return _Scored(weight, better, {category: Fraction(number) for category, number in target.items()})


SCORED: Final[Mapping[str, _Scored]] = {
    "1.1": _row(9, "less", republican="15", regional="30"),
    "1.8": _row(10, "more", republican="95", regional="85"),
    "1.9": _row(9, "more", republican="80", regional="75"),
    "1.10": _row(8, "more", republican="4", regional="3.5"),
    "2.1": _row(10, "less", republican="10", regional="20", district="30"),
    "2.2": _row(9, "more", republican="90", regional="85", district="80"),
    "2.3": _row(9, "more", republican="9", regional="8", district="7"),
    "2.4": _row(7, "more", republican="100000", regional="30000", district="5000"),
    "2.5": _row(7, "less", republican="10", regional="15", district="20"),
    "2.6": _row(8, "less", republican="24", regional="36", district="48"),
    "2.7": _row(8, "less", republican="2", regional="5", district="10"),
}
"""Initiative 1 is no district's (annex 2), so its rows have no target there."""


def attainment(code: str, category: str, value: Fraction) -> Fraction:
    """0…1; 1 is the target met. KeyError where the category is not scored on this KPI."""
    row = SCORED[code]
    target = row.target[category]
    if row.better == "less":
        return Fraction(1) if value <= target else target / value
    return min(Fraction(1), value / target)


def index(category: str, values: Mapping[str, Fraction]) -> Fraction | None:
    """0…100 over the KPIs that have a value; None without any."""
    scored = {code: value for code, value in values.items() if category in SCORED[code].target}
    weight = sum(SCORED[code].weight for code in scored)
    if not weight:
        return None
    earned = [SCORED[code].weight * attainment(code, category, value) for code, value in scored.items()]
    return 100 * sum(earned, Fraction()) / weight
