"""The same KPIs the way Boston's CityScore shows them: the ratio to the target by day, week, month and quarter.

1.0 is on target, more is better. Where Boston's toolkit (CityOfBoston/CityScoreToolkit) goes wrong, this does not:
zero of what should be low is the best value there is, not an error or the worst; nothing is rounded, so 0.996 is not on
target; a KPI without a value in the span has no ratio, instead of repeating its last one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from services.cityscore.attainment import Value, attainment, ratio
from services.cityscore.errors import InputError
from services.cityscore.index import check_codes, named
from services.cityscore.rubric import Criterion, Rubric

Span = Literal["day", "week", "month", "quarter"]
SPANS: Final[tuple[Span, ...]] = get_args(Span)
CEILING: Final = 2.0
"""Twice as good as wanted is the most a ratio says: a zero would otherwise be infinitely good and drown the mean."""


@dataclass(frozen=True, slots=True)
class BostonView:
    """Ratios to target, 0…CEILING; None where there is no value."""

    city: dict[Span, float | None]
    """Plain mean over the KPIs that have a ratio: Boston does not weight."""
    kpis: dict[str, dict[Span, float | None]]

    def to_json(self) -> dict[str, Any]:
        """The stable format of `ahual boston --json`."""
        return {"city": dict(self.city), "kpis": {code: dict(spans) for code, spans in self.kpis.items()}}


def boston(rubric: Rubric, values: Mapping[str, Mapping[str, Value]]) -> BostonView:
    """The view of one city; `values` maps spans to KPI codes to values. Raises InputError as `score` does."""
    for span, given in values.items():
        if span not in SPANS:
            raise InputError("cityscore.unknown_choice", option="span", value=span, choices=", ".join(SPANS))
        check_codes(rubric, given)
    kpis = {
        code: {span: _ratio(criterion, values.get(span, {}).get(code)) for span in SPANS}
        for code, criterion in rubric.criteria.items()
    }
    return BostonView({span: _mean([ratios[span] for ratios in kpis.values()]) for span in SPANS}, kpis)


def _ratio(criterion: Criterion, value: Value | None) -> float | None:
    if value is None or value == {}:
        return None
    with named(criterion.code):
        if isinstance(value, Mapping):
            return attainment(criterion.target, value)
        return min(max(ratio(criterion.target, value), 0.0), CEILING)


def _mean(ratios: list[float | None]) -> float | None:
    known = [one for one in ratios if one is not None]
    return math.fsum(known) / len(known) if known else None
