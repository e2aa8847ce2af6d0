"""How one score became another: steps that lead from the first total to the second without a remainder.

Every step begins exactly where the one before ended, the first at the first total and the last at the second: that is
how it adds up, whatever floating point does to a sum of differences.

A KPI is measured against the mean of its section, and a section against the index, both halfway between the scores: one
that appears lifts or lowers only as far as it is better or worse than the others, and one that merely counts less
because others came is not blamed for that. The order of the steps does not matter; the way back is the way there
reversed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from schemas.catalogue import SectionCode
from services.cityscore.result import Score

Cause = Literal["attainment", "weight", "appeared", "disappeared", "additional"]
"""`weight`: a KPI counts more or less because others of its section came or went; a section (a step without a KPI)
because other sections did."""


@dataclass(frozen=True, slots=True)
class Step:
    """One bar: the total before and after it. `code` is None for a section as a whole, and `section` too for additional
    initiatives."""

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
class _Share:
    """A scored KPI: its attainment, and its share of the section, both 0…1."""

    attainment: Fraction
    share: Fraction


@dataclass(frozen=True, slots=True)
class _Group:
    """A section: its scored KPIs, and the index points that are at stake in it."""

    shares: dict[str, _Share]
    points: Fraction

    @classmethod
    def of(cls, score: Score, section: SectionCode) -> _Group:
        kpis = {code: kpi for code, kpi in score.kpis.items() if kpi.section is section and kpi.attainment is not None}
        weight = sum(kpi.weight for kpi in kpis.values())
        shares = {c: _Share(Fraction(k.attainment or 0), Fraction(k.weight, weight)) for c, k in kpis.items()}
        scored = [one.weight for one in score.sections.values() if one.score is not None]
        return cls(shares, Fraction(100 * score.sections[section].weight, sum(scored)) if kpis else Fraction(0))

    @property
    def mean(self) -> Fraction:
        return sum((one.attainment * one.share for one in self.shares.values()), Fraction(0))


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
    level = (
        (Fraction(a.index) + Fraction(b.index)) / 200 if a.index is not None and b.index is not None else Fraction(0)
    )
    for section in SectionCode:
        yield from _section_changes(section, _Group.of(a, section), _Group.of(b, section), level)


def _section_changes(section: SectionCode, a: _Group, b: _Group, level: Fraction) -> Iterator[_Change]:
    """What a section did, KPI by KPI; then what its own share of the index did."""
    both = a.points != 0 and b.points != 0
    points = (a.points + b.points) / 2 if both else a.points + b.points
    mean = (a.mean + b.mean) / 2 if both else level
    for code in sorted(a.shares.keys() | b.shares.keys(), key=_place):
        for cause, change in _causes(a.shares.get(code), b.shares.get(code), mean):
            if change:
                yield _Change(code, section, cause, points * change)
    if both and (change := (b.points - a.points) * (mean - level)):
        yield _Change(None, section, "weight", change)


def _causes(a: _Share | None, b: _Share | None, mean: Fraction) -> Iterator[tuple[Cause, Fraction]]:
    """How a KPI changed the mean of its section."""
    if a and b:
        yield "attainment", (b.attainment - a.attainment) * (a.share + b.share) / 2
        yield "weight", (b.share - a.share) * ((a.attainment + b.attainment) / 2 - mean)
    elif b:
        yield "appeared", b.share * (b.attainment - mean)
    elif a:
        yield "disappeared", -a.share * (a.attainment - mean)


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
