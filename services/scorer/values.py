"""From sums over a window to a KPI's value, or to the reason why there is none: pure functions."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from schemas.catalogue import Period
from schemas.measures import Measure
from schemas.snapshot import Freshness
from services.cityscore.attainment import Value
from services.scorer.tiers import LENGTH

REPORTED_ENOUGH: Final = 0.9
"""Share of a window in which the required sources must have reported before a zero is believed."""
FRESH_PERIODS: Final = 1.1
STALE_PERIODS: Final = 2.0


class Sums(NamedTuple):
    """A KPI's parts, summed over a window."""

    numerator: int = 0
    denominator: int = 0
    events: int = 0


class Sources(NamedTuple):
    """What is known of a KPI's sources at the time of scoring."""

    newest: datetime | None
    """Event time of their newest data."""
    reported: float
    """Share of the window's hours (windows up to a week) or days in which all of them reported, 0…1."""


class Evaluated(NamedTuple):
    """A KPI's value in the order's unit, and what is to be known about it."""

    value: Value | None
    freshness: Freshness


def evaluate(measure: Measure, sums: Sums, sources: Sources, period: Period, now: datetime) -> Evaluated:
    """The value over a trailing window that ends at `now`.

    A feed that fell silent for two periods is missing, whatever its window still holds: it must not score for ever.
    """
    if not measure.bound:
        return Evaluated(None, "unbound")
    liveliness = freshness(sources.newest, period, now)
    if liveliness == "missing":
        return Evaluated(None, "missing")
    if doubtful_zero(measure, sums) and sources.reported < REPORTED_ENOUGH:
        return Evaluated(None, "missing")
    if measure.kind in ("count", "sum"):
        return Evaluated(sums.numerator / measure.scale, liveliness)
    if sums.denominator == 0:
        return Evaluated(None, "not_applicable")
    return Evaluated(quotient(measure, sums), liveliness)


def doubtful_zero(measure: Measure, sums: Sums) -> bool:
    """Whether this is a zero of a count or rate, which silence would give as well."""
    return measure.kind in ("count", "sum", "ratio") and sums.numerator == 0


def quotient(measure: Measure, sums: Sums) -> float:
    """Numerator over denominator in the KPI's unit; shares in percent."""
    if measure.kind == "share":
        return 100 * sums.numerator / sums.denominator
    return sums.numerator / sums.denominator / measure.scale


def freshness(newest: datetime | None, period: Period, now: datetime) -> Freshness:
    """`fresh` within a period and a tenth, `stale` until two, then `missing`."""
    if newest is None:
        return "missing"
    age = (now - newest) / LENGTH[period]
    if age <= FRESH_PERIODS:
        return "fresh"
    return "stale" if age <= STALE_PERIODS else "missing"
