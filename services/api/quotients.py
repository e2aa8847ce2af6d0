"""A KPI's value from sums of its additive parts, where one sum by itself has a value."""

from __future__ import annotations

from typing import Final

from schemas.measures import Measure


def has_series(measure: Measure) -> bool:
    """Whether one bucket by itself has a value: not where inventories, bases or components come in."""
    return measure.bound and measure.kind in _VALUE and not (measure.base or measure.per)


def divides(measure: Measure) -> bool:
    """Whether a part of the city can be held to the city's target: a mean, share or ratio does not grow with it."""
    return has_series(measure) and _VALUE[measure.kind][1]


def value_of(measure: Measure, numerator: int, denominator: int) -> float | None:
    """The value in the KPI's unit; None where the denominator says that there was no case."""
    factor, divided = _VALUE[measure.kind]
    if not divided:
        return numerator * factor / measure.scale
    if not denominator:
        return None
    value = numerator * factor / denominator / measure.scale
    return 100 - value if measure.complement else value


_VALUE: Final[dict[str, tuple[int, bool]]] = {
    "count": (1, False),
    "sum": (1, False),
    "mean": (1, True),
    "ratio": (1, True),
    "share": (100, True),
}
"""Factor, and whether the denominator divides."""
