"""How one score became another: steps that lead from the first total to the second without a remainder.

Every step begins exactly where the one before ended, the first at the first total and the last at the second: that is
how it adds up, whatever floating point does to a sum of differences.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from schemas.catalogue import SectionCode
from services.cityscore.result import KpiScore, Score

Cause = Literal["attainment", "weight", "appeared", "disappeared", "additional"]
"""`weight`: the KPI counts more or less, because others of its section, or whole sections, came or went."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: the total before and after it. `code` and `section` are None for additional initiatives."""

    code: str | None
    section: SectionCode | None
    cause: Cause
    start: float
    end: float

    @property
    def points(self) -> float:
        """Index points, signed."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Waterfall:
    """All steps from `start` to `end`, section by section. A score without an index stands at 0."""

    start: float
    end: float
    steps: tuple[Step, ...]

    def sections(self) -> dict[SectionCode, float]:
        """Index points by section: the steps of a section stand together, so this adds up just as well."""
        return {
            section: own[-1].end - own[0].start
            for section in SectionCode
            if (own := [step for step in self.steps if step.section is section])
        }

    def to_json(self) -> dict[str, Any]:
        """The stable format of `ahual explain A B --json`."""
        return {
            "from": self.start,
            "to": self.end,
            "difference": self.end - self.start,
            "sections": {section.value: points for section, points in self.sections().items()},
            "steps": [_step_to_json(step) for step in self.steps],
        }


@dataclass(frozen=True, slots=True)
class _Change:
    code: str | None
    section: SectionCode | None
    cause: Cause
    points: Fraction


def waterfall(a: Score, b: Score) -> Waterfall:
    """The steps from score `a` to score `b`, which may differ in KPIs, weights, category and catalogue."""
    start, end = a.total or 0.0, b.total or 0.0
    changes = [*_kpi_changes(a, b), *_additional(a, b)]
    if not changes and start != end:
        changes = [_Change(None, None, "additional", Fraction(end) - Fraction(start))]
    levels = [start]
    reached = Fraction(start)
    for change in changes:
        reached += change.points
        levels.append(float(reached))
    levels[-1] = end  # the sum of parts and the index differ in the last bits; the last step takes them
    bounds = zip(changes, levels, levels[1:], strict=False)
    return Waterfall(start, end, tuple(Step(c.code, c.section, c.cause, low, high) for c, low, high in bounds))


def _kpi_changes(a: Score, b: Score) -> Iterator[_Change]:
    for section in SectionCode:
        codes = {code for score in (a, b) for code, kpi in score.kpis.items() if kpi.section is section}
        for code in sorted(codes, key=_place):
            for cause, points in _causes(_scored(a, code, section), _scored(b, code, section)):
                yield _Change(code, section, cause, points)


def _scored(score: Score, code: str, section: SectionCode) -> tuple[Fraction, Fraction] | None:
    """Attainment and points at stake; None if the KPI is not scored, or in another section."""
    kpi: KpiScore | None = score.kpis.get(code)
    if kpi is None or kpi.attainment is None or kpi.section is not section:
        return None
    return Fraction(kpi.attainment), Fraction(kpi.max_points)


def _causes(
    before: tuple[Fraction, Fraction] | None, after: tuple[Fraction, Fraction] | None
) -> Iterator[tuple[Cause, Fraction]]:
    """The change of attainment at the mean weight, and the change of weight at the mean attainment: together all."""
    if before is None or after is None:
        if after is not None:
            yield "appeared", after[0] * after[1]
        if before is not None:
            yield "disappeared", -before[0] * before[1]
        return
    if before[0] != after[0]:
        yield "attainment", (after[0] - before[0]) * (before[1] + after[1]) / 2
    if before[1] != after[1]:
        yield "weight", (after[1] - before[1]) * (before[0] + after[0]) / 2


def _additional(a: Score, b: Score) -> Iterator[_Change]:
    points = _bonus(b) - _bonus(a)
    if points:
        yield _Change(None, None, "additional", Fraction(points))


def _bonus(score: Score) -> float:
    """Points of additional initiatives; rounded, because the total has lost the last bits of them."""
    return round((score.total or 0.0) - (score.index or 0.0), 9)


def _place(code: str) -> tuple[int, ...]:
    return tuple(map(int, code.split(".")))


def _step_to_json(step: Step) -> dict[str, Any]:
    return {
        "code": step.code,
        "section": step.section and step.section.value,
        "cause": step.cause,
        "from": step.start,
        "to": step.end,
        "points": step.points,
    }
