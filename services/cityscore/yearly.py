"""The yearly evaluation: mean attainment over the closed periods of a year, frozen on 31 January of the next."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from services.cityscore.attainment import Value
from services.cityscore.errors import InputError
from services.cityscore.index import Mark, assess, check_codes, mark
from services.cityscore.initiatives import AdditionalInitiative, counted
from services.cityscore.periods import periods_ending_in
from services.cityscore.result import Score
from services.cityscore.rubric import Rubric

ByPeriod = Mapping[str, Value]
_FREEZE: Final = (1, 31)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One city's score for a year."""

    city: str
    year: int
    score: Score

    @property
    def hash(self) -> str:
        """SHA-256, in hexadecimal, over the canonical JSON of the evaluation; it covers the catalogue's hash."""
        canonical = json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """City, year and the score in its stable format."""
        return {"city": self.city, "year": self.year, "score": self.score.to_json()}


@dataclass(frozen=True, slots=True)
class FrozenEvaluation:
    """The evaluation that counts, and what later corrections would have made of it."""

    official: Evaluation
    frozen_on: date
    hash: str
    revisions: tuple[Evaluation, ...] = ()

    def revised(self, evaluation: Evaluation) -> FrozenEvaluation:
        """With a later evaluation beside the official one, if it says anything new."""
        if (evaluation.city, evaluation.year) != (self.official.city, self.official.year):
            raise ValueError("a revision belongs to the same city and year")
        newest = self.revisions[-1] if self.revisions else self.official
        if evaluation.hash == newest.hash:
            return self
        return replace(self, revisions=(*self.revisions, evaluation))


def evaluate(
    rubric: Rubric,
    city: str,
    year: int,
    values: Mapping[str, ByPeriod],
    initiatives: Iterable[AdditionalInitiative] = (),
    not_applicable: Mapping[str, Collection[str]] | None = None,
    *,
    additional: int = 0,
) -> Evaluation:
    """Evaluate a year. A period without a value counts 0, whatever the rubric's policy says.

    `values`: KPI code to period name (see `periods`) to value. `not_applicable`: KPI code to the periods that had no
    case; they are left out of the mean, and a KPI without any other period is left out altogether.
    `additional`: initiatives that are known to meet all criteria, beside those given.
    Raises InputError for an unknown code, a period that does not end in the year, or a value that is none.
    """
    empty = not_applicable or {}
    check_codes(rubric, (*values, *empty))
    strict = replace(rubric, policy=replace(rubric.policy, missing="zero"))
    marks: dict[str, Mark] = {}
    for code, criterion in rubric.criteria.items():
        names = periods_ending_in(year, criterion.period)
        _check_periods(code, names, (*values.get(code, ()), *empty.get(code, ())))
        due = [name for name in names if name not in empty.get(code, ())]
        if due:
            marks[code] = _mean(rubric, code, due, values.get(code, {}))
    left_out = rubric.criteria.keys() - marks.keys()
    return Evaluation(city, year, assess(strict, marks, counted(initiatives, year) + additional, left_out))


def freezes_on(year: int) -> date:
    """The first day on which a year's evaluation may become the official one."""
    return date(year + 1, *_FREEZE)


def freeze(evaluation: Evaluation, today: date) -> FrozenEvaluation:
    """Make an evaluation the official one. Raises InputError before 31 January of the year after."""
    day = freezes_on(evaluation.year)
    if today < day:
        raise InputError("cityscore.too_early", year=evaluation.year, day=day.isoformat())
    return FrozenEvaluation(evaluation, today, evaluation.hash)


def _mean(rubric: Rubric, code: str, due: list[str], values: ByPeriod) -> Mark:
    known = [found for name in due if name in values and (found := mark(rubric, code, values[name])) is not None]
    silent = len(due) - len(known)
    reached = math.fsum(one.reached for one in known) / len(due)
    return Mark(None, reached, reached, math.fsum([silent, *(one.highest for one in known)]) / len(due))


def _check_periods(code: str, names: Collection[str], given: Iterable[str]) -> None:
    for name in given:
        if name not in names:
            raise InputError("cityscore.unknown_period", code=code, period=name)
