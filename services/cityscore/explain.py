"""What a score is made of, and what would raise it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from schemas.catalogue import Catalogue, SectionCode
from services.cityscore.index import index_of, section_means
from services.cityscore.result import Score
from services.cityscore.rubric import bands_of


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a KPI brings, and what it could still bring, in index points."""

    code: str
    section: SectionCode
    points: float
    gain: float
    """How much the index would rise if this KPI alone met its target; of a skipped KPI, if it were reported as met."""


@dataclass(frozen=True, slots=True)
class Gap:
    """The way to the next band."""

    rating: str
    floor: float
    points: float
    """What the total lacks to the band's floor."""
    kpis: tuple[Contribution, ...]
    """The fewest KPIs that close the gap together, largest gain first; all that can gain if that is not enough."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A score, taken apart. `gap` is None in the highest band, and when nothing is scored."""

    score: Score
    kpis: tuple[Contribution, ...]
    """Largest gain first, then by code as text."""
    gap: Gap | None

    def to_json(self) -> dict[str, Any]:
        """The stable format of `ahual explain --json` for one score."""
        score = self.score
        return {
            "index": score.index,
            "total": score.total,
            "rating": score.rating,
            "sections": {code.value: section.points for code, section in score.sections.items()},
            "kpis": [_contribution_to_json(kpi) for kpi in self.kpis],
            "next_band": self.gap and _gap_to_json(self.gap),
        }


def explain(catalogue: Catalogue, score: Score) -> Explanation:
    """Take a score apart; the bands are the catalogue's."""
    kpis = tuple(
        sorted(
            (Contribution(code, kpi.section, kpi.points, _gain(score, {code})) for code, kpi in score.kpis.items()),
            key=lambda kpi: (-kpi.gain, kpi.code),
        )
    )
    return Explanation(score, kpis, _gap(catalogue, score, kpis))


def _gain(score: Score, met: Collection[str]) -> float:
    """Index points won if these KPIs met their targets and nothing else changed."""
    scored = [
        (kpi, 1.0 if code in met else kpi.attainment)
        for code, kpi in score.kpis.items()
        if kpi.attainment is not None or code in met
    ]
    weights = {code: section.weight for code, section in score.sections.items()}
    reached = index_of(section_means((kpi, x) for kpi, x in scored if x is not None), weights)
    return (reached or 0.0) - (score.index or 0.0)


def _gap(catalogue: Catalogue, score: Score, kpis: tuple[Contribution, ...]) -> Gap | None:
    if score.total is None:
        return None
    bands = bands_of(catalogue.methodology)
    above = [band for band in bands if band[0] > round(score.total, 9)]
    if not above:
        return None
    floor, rating = above[-1]
    candidates = tuple(kpi for kpi in kpis if kpi.gain > 0)
    for count in range(1, len(candidates) + 1):
        chosen = candidates[:count]
        if round(score.total + _gain(score, {kpi.code for kpi in chosen}), 9) >= floor:
            return Gap(rating, floor, floor - score.total, chosen)
    return Gap(rating, floor, floor - score.total, candidates)


def _contribution_to_json(kpi: Contribution) -> dict[str, Any]:
    return {"code": kpi.code, "section": kpi.section.value, "points": kpi.points, "gain": kpi.gain}


def _gap_to_json(gap: Gap) -> dict[str, Any]:
    kpis = [{"code": kpi.code, "gain": kpi.gain} for kpi in gap.kpis]
    return {"rating": gap.rating, "floor": gap.floor, "points": gap.points, "kpis": kpis}
