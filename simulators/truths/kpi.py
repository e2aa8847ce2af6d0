"""What is added up for a KPI: the words in which a system's truth is written. `values.py` does the sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from simulators.truths.events import Seen

Shape = Literal["count", "sum", "mean", "share", "ratio", "latest", "spacing", "uptime", "composite"]
PERCENT: Final = Fraction(1, 100)
"""The scale of a ratio or an inventory that is shown in percent."""


@dataclass(frozen=True, slots=True)
class Added:
    """What the events of a kind add to one side of a KPI, and to which moment."""

    kind: str
    """Such as `parking.entered`."""
    each: str = ""
    """A list of the event whose elements are taken one by one, such as `readings`: their fields before the event's."""
    when: Callable[[Seen], bool] = lambda _seen: True
    """Which of them count."""
    amount: Callable[[Seen], int] = lambda _seen: 1
    """An integer in the KPI's smallest unit: cases, ms, 10⁻³ points, metres."""
    at: str | Callable[[Seen], int] = "time"
    """The timestamp that decides the window: `time`, a field of the data, or a function to ms since 1970.
    Of a dated total: from when it holds."""
    until: str | None = None
    """Of a dated total: the field with the moment it ceases to hold."""


def stated(name: str) -> Added:
    """The dated totals of this name (`reference.total-reported`): residents, metres of road, stops with Wi-Fi."""
    return Added(
        "reference.total-reported",
        when=lambda e: bool(e.data["name"] == name),
        amount=lambda e: int(e.data["total"]),
        at="as_of",
        until="until",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """One row of annex 4.

    - count, sum: Σ numerator. mean: Σ numerator over the number of its events.
    - share: percent of the denominator's cases that are in the numerator.
    - ratio: numerator over denominator, or over the `base` that holds at the end of the window.
    - latest: the dated totals that hold now, over the base where there is one.
    - spacing (1.4), uptime (1.2): see annex 4; composite: the mean or sum of its components.
    """

    shape: Shape
    numerator: tuple[Added, ...] = ()
    denominator: tuple[Added, ...] = ()
    base: tuple[Added, ...] = ()
    """Dated totals under the fraction bar."""
    scale: Fraction | int = 1
    """The KPI's unit is the quotient divided by this: 60,000 turns ms into minutes. A share is in percent by itself."""
    sources: tuple[str, ...]
    """Systems that must report for the value to be believed."""
    cohort: bool = False
    """Cases count once the moment they belong to is past."""
    complement: bool = False
    """Of a share: 100 - share, at least 0."""
    per: Callable[[Seen], object] | None = None
    """Of a share: what makes one case of many events, which is met when all of them are in the numerator."""
    change: Literal["", "growth", "fall"] = ""
    """Percent against the equal window before; which way is positive. A fall that is none is 0."""
    valid_days: int | None = None
    """How long a dated total holds at most; else two periods of the KPI, a base two years."""
    groups: Mapping[str, tuple[str, ...]] | None = None
    """Of a spacing: the systems of each category of data."""
    components: Mapping[str, Kpi] | None = None
    combine: Literal["mean", "sum"] = "mean"
