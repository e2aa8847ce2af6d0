"""A KPI's value as it is shown and scored, or the reason why there is none: pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Final, NamedTuple

from schemas.catalogue import Period
from schemas.measures import Measure
from schemas.snapshot import Freshness
from services.cityscore.attainment import Value
from services.scorer.kinds import Facts, Span, Sums, value_of
from services.scorer.tiers import LENGTH

REPORTED_ENOUGH: Final = 0.9
"""Share of a window in which the required sources must have reported before a zero is believed."""
FRESH_PERIODS: Final = 1.1
STALE_PERIODS: Final = 2.0


class Sources(NamedTuple):
    """What is known of a KPI's sources at the time of scoring."""

    newest: datetime | None
    """Event time of their newest data."""
    reported: float
    """Share of the window's hours (windows up to a week) or days in which all of them reported, 0…1."""
    reported_before: float = 1.0
    """The same of the window that a change is compared with."""


class Evaluated(NamedTuple):
    """A KPI's value in the order's unit, and what is to be known about it."""

    value: Value | None
    freshness: Freshness


def evaluate(measure: Measure, facts: Facts, before: Facts, sources: Sources, period: Period, span: Span) -> Evaluated:
    """The value over a window, with freshness judged at `span.now`; `before` is what a change is compared with.

    A feed that fell silent for two periods is missing, whatever its window still holds: it must not score for ever.
    """
    if not measure.bound:
        return Evaluated(None, "unbound")
    liveliness = freshness(newest_of(measure, facts, sources), period, span.now)
    if liveliness == "missing":
        return Evaluated(None, "missing")
    if needs_coverage(measure, facts) and min(sources.reported, sources.reported_before) < REPORTED_ENOUGH:
        return Evaluated(None, "missing")
    value = value_of(measure, facts, before, span)
    if isinstance(value, str):
        return Evaluated(None, value)
    return Evaluated(value, liveliness) if _is_possible(measure, value) else Evaluated(None, "missing")


def _is_possible(measure: Measure, value: Value) -> bool:
    """Whether it can be scored: one KPI whose sums contradict each other must not cost a city its score."""
    lowest = -100.0 if measure.kind == "change" else 0.0
    numbers = value.values() if isinstance(value, Mapping) else [value]
    return all(math.isfinite(number) and number >= lowest for number in numbers)


def newest_of(measure: Measure, facts: Facts, sources: Sources) -> datetime | None:
    """From when the newest data are: of inventories the older side of the fraction, else what the sources sent."""
    if measure.shape != "latest":
        return sources.newest
    sides = [facts.totals.get(("", base)) for base in ((False, True) if measure.base else (False,))]
    return min((side.newest for side in sides if side), default=None) if all(sides) else None


def needs_coverage(measure: Measure, facts: Facts) -> bool:
    """Whether the value is only to be believed if the sources reported nearly all the time.

    A zero of a count or rate, which silence would give as well; a change of a count, which a gap would be taken for.
    """
    if measure.kind == "change":
        return measure.shape in ("count", "sum")
    return measure.kind in ("count", "sum", "ratio") and facts.sums.numerator == 0


def shown_sums(measure: Measure, facts: Facts) -> Sums:
    """Numerator and denominator to be shown: a base or an inventory stands where a sum would.

    Of a spacing only the groups' systems: a total, say, may come from any system.
    """
    if measure.kind == "spacing":
        facts = Facts({system: facts.parts[system] for system in facts.parts if system in measure.systems})
    total, base = facts.totals.get(("", False)), facts.totals.get(("", True))
    numerator = total.value if total else facts.sums.numerator
    return Sums(numerator, base.value if base else facts.sums.denominator, facts.sums.events)


def freshness(newest: datetime | None, period: Period, now: datetime) -> Freshness:
    """`fresh` within a period and a tenth, `stale` until two, then `missing`."""
    if newest is None:
        return "missing"
    age = (now - newest) / LENGTH[period]
    if age <= FRESH_PERIODS:
        return "fresh"
    return "stale" if age <= STALE_PERIODS else "missing"
