"""Additional initiatives (annex 5, points 5 and 6): each that meets all five criteria adds its points to the index."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from schemas.catalogue import Frozen

Sphere = Literal[
    "city_management",
    "safety",
    "transport",
    "social",
    "ecology",
    "housing",
    "economy",
    "infrastructure",
]
"""The main spheres of a "smart" city, point 5 of the methodology."""


class AdditionalInitiative(Frozen):
    """What the five criteria ask of an initiative."""

    name: str
    in_roadmap: bool
    """1: stands in the approved road map."""
    signed_report: bool
    """2: has a complete report (measures, dates of start and end, results), signed by the deputy head of the city's
    executive in charge of digitalisation or by its chief of staff."""
    indicators: int
    """3: quantitative or qualitative indicators that confirm it; at least one (the Kazakh text)."""
    implemented_on: date | None
    """4: the day it was implemented, which must lie in the reporting year; None if it was not."""
    sphere: Sphere | None
    """5: the main sphere it belongs to; None if to none."""

    def unmet(self, year: int) -> tuple[int, ...]:
        """The numbers, 1 to 5, of the criteria it does not meet in a reporting year."""
        met = (
            self.in_roadmap,
            self.signed_report,
            self.indicators >= 1,
            self.implemented_on is not None and self.implemented_on.year == year,
            self.sphere is not None,
        )
        return tuple(number for number, holds in enumerate(met, start=1) if not holds)


def counted(initiatives: Iterable[AdditionalInitiative], year: int) -> int:
    """How many meet all five criteria in a reporting year."""
    return sum(not initiative.unmet(year) for initiative in initiatives)
