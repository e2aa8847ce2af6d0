"""Cities in order, separately for each category (points 7 of the methodology and of annex 5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from schemas.catalogue import Category
from services.cityscore.result import Score


@dataclass(frozen=True, slots=True)
class Place:
    """A city's place in its category; `rank` is None for a city without a score."""

    rank: int | None
    city: str
    score: Score

    def to_json(self) -> dict[str, Any]:
        """One entry of `ahual rank --json`."""
        score = self.score
        return {
            "rank": self.rank,
            "city": self.city,
            "total": score.total,
            "index": score.index,
            "lower": score.lower,
            "upper": score.upper,
            "coverage": score.coverage,
            "rating": score.rating,
        }


def rank(scores: Mapping[str, Score]) -> dict[Category, tuple[Place, ...]]:
    """Places by total, the best first. Equal totals (to 9 decimals) share a rank and the next one is left out."""
    return {
        category: places
        for category in Category
        if (places := _places({city: score for city, score in scores.items() if score.category is category}))
    }


def _places(scores: Mapping[str, Score]) -> tuple[Place, ...]:
    totals = {city: round(score.total, 9) for city, score in scores.items() if score.total is not None}
    best_first = sorted(totals, key=lambda city: (-totals[city], city))
    first_of: dict[float, int] = {}
    for position, city in enumerate(best_first, start=1):
        first_of.setdefault(totals[city], position)
    placed = [Place(first_of[totals[city]], city, scores[city]) for city in best_first]
    return (*placed, *(Place(None, city, scores[city]) for city in sorted(scores.keys() - totals.keys())))
