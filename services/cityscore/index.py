"""The index: attainments weighted into sections, sections into 0…100 (annex 5, points 3 to 6)."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple, Protocol

from schemas.catalogue import Catalogue, Category, SectionCode
from services.cityscore.attainment import Value, attainment, check
from services.cityscore.errors import InputError
from services.cityscore.policy import DEFAULT_POLICY, Policy
from services.cityscore.result import KpiScore, Score, SectionScore
from services.cityscore.rubric import Criterion, Rubric, rating_of


class Weighted(Protocol):
    """What counts with a weight in a section."""

    @property
    def section(self) -> SectionCode: ...

    @property
    def weight(self) -> int: ...


class Mark(NamedTuple):
    """What is known of one KPI: its attainment, and where it could lie if nothing were missing."""

    value: Value | None
    reached: float
    lowest: float
    highest: float


_MISSING: Final = Mark(None, 0.0, 0.0, 1.0)


def score(
    catalogue: Catalogue,
    category: Category | str,
    values: Mapping[str, Value],
    policy: Policy = DEFAULT_POLICY,
    *,
    additional: int = 0,
    not_applicable: Collection[str] = (),
) -> Score:
    """Score one city: see `score_with`."""
    return score_with(Rubric.of(catalogue, category, policy), values, additional, not_applicable)


def score_with(
    rubric: Rubric, values: Mapping[str, Value], additional: int = 0, not_applicable: Collection[str] = ()
) -> Score:
    """Score one city by a compiled rubric, the way to score many.

    `values`: KPI code to value, in the order's unit; a code that is absent is missing. Values of KPIs that the category
    is not scored on are checked and left out. `not_applicable`: KPIs that had no case, left out altogether.
    `additional`: number of additional initiatives that meet all criteria.
    Raises InputError for an unknown code or part, or a value that is none.
    """
    check_codes(rubric, (*values, *not_applicable))
    for code in not_applicable:
        if code in values:
            raise InputError("cityscore.value_not_applicable", code=code)
    marks = {code: known for code, value in values.items() if (known := mark(rubric, code, value)) is not None}
    return assess(rubric, marks, additional, not_applicable)


def assess(
    rubric: Rubric, marks: Mapping[str, Mark], additional: int = 0, not_applicable: Collection[str] = ()
) -> Score:
    """Score attainments that are known already; `marks` holds codes of the rubric's criteria only."""
    extra = bonus(rubric, additional)
    criteria = [criterion for code, criterion in rubric.criteria.items() if code not in not_applicable]
    known = [(criterion, marks.get(criterion.code, _MISSING)) for criterion in criteria]
    zero = rubric.policy.missing == "zero"
    scored = [(c, mark.reached) for c, mark in known if zero or c.code in marks]
    means = section_means(scored)
    index = index_of(means, rubric.section_weights)
    lower, upper = _bounds(rubric, known, index)
    total = None if index is None else index + extra
    return Score(
        category=rubric.category,
        catalogue=rubric.catalogue,
        index=index,
        lower=lower,
        upper=upper,
        coverage=1 - (upper - lower) / 100,
        total=total,
        rating=None if total is None else rating_of(rubric.bands, total),
        sections=_sections(rubric, means),
        kpis=_kpis(rubric, known, scored),
    )


def bonus(rubric: Rubric, additional: int) -> float:
    """Points for additional initiatives. Raises InputError for what is no number of initiatives."""
    if isinstance(additional, bool) or not isinstance(additional, int) or additional < 0:
        raise InputError("cityscore.bad_additional", value=additional)
    return rubric.bonus * additional


def section_means(scored: Iterable[tuple[Weighted, float]]) -> dict[SectionCode, float]:
    """Mean attainment, 0…1, of every section that has one, weighted with the KPIs' values."""
    groups: dict[SectionCode, list[tuple[int, float]]] = {}
    for criterion, reached in scored:
        groups.setdefault(criterion.section, []).append((criterion.weight, reached))
    return {section: math.fsum(w * x for w, x in group) / sum(w for w, _ in group) for section, group in groups.items()}


def index_of(means: Mapping[SectionCode, float], weights: Mapping[SectionCode, int]) -> float | None:
    """The index, 0…100, over the sections that have a mean; None without any."""
    if not means:
        return None
    return 100 * (math.fsum(weights[s] * mean for s, mean in means.items()) / sum(weights[s] for s in means))


def check_codes(rubric: Rubric, codes: Iterable[str]) -> None:
    """Raise InputError for a code that the catalogue does not have."""
    for code in codes:
        if code not in rubric.criteria and code not in rubric.ignored:
            raise InputError("cityscore.unknown_code", code=code)


def mark(rubric: Rubric, code: str, value: Value) -> Mark | None:
    """The mark of a value; None if it is not scored here, and for 1.4 without any part, which is missing."""
    criterion = rubric.criteria.get(code)
    with named(code):
        if criterion is None:
            check(rubric.ignored[code], value)
            return None
        reached = attainment(criterion.target, value)
        if isinstance(value, (int, float)):
            return Mark(value, reached, reached, reached)
        return Mark(dict(value), reached, reached, attainment(criterion.target, value, absent=1.0)) if value else None


class named:  # noqa: N801  (used as a statement, like contextlib's own; a generator would double the time of a score)
    """Names the KPI in an InputError that is raised inside."""

    __slots__ = ("code",)

    def __init__(self, code: str) -> None:
        self.code = code

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InputError):
            raise InputError(error.key, **{**error.params, "code": self.code}) from error


def _bounds(rubric: Rubric, known: Collection[tuple[Criterion, Mark]], index: float | None) -> tuple[float, float]:
    """The index with everything missing as 0 and as 1. Of an empty category nothing is known: 0 and 100."""
    lower = index_of(section_means((c, mark.lowest) for c, mark in known), rubric.section_weights)
    upper = index_of(section_means((c, mark.highest) for c, mark in known), rubric.section_weights)
    if lower is None or upper is None:
        return 0.0, 100.0
    if index is None:
        return lower, upper
    return min(lower, index), max(upper, index)  # another order of division may differ in the last bit


def _sections(rubric: Rubric, means: Mapping[SectionCode, float]) -> dict[SectionCode, SectionScore]:
    share = _shares(rubric, means)
    return {
        section: SectionScore(means.get(section), weight, share[section] * means[section] if section in means else 0.0)
        for section, weight in rubric.section_weights.items()
    }


def _kpis(
    rubric: Rubric, known: Iterable[tuple[Criterion, Mark]], scored: Iterable[tuple[Criterion, float]]
) -> dict[str, KpiScore]:
    reached = {criterion.code: x for criterion, x in scored}
    per_point = _worth(rubric, scored)
    kpis: dict[str, KpiScore] = {}
    for criterion, mark in known:
        x = reached.get(criterion.code)
        most = 0.0 if x is None else criterion.weight * per_point[criterion.section]
        points = 0.0 if x is None else most * x
        kpis[criterion.code] = KpiScore(mark.value, x, criterion.weight, points, criterion.section, most)
    return kpis


def _worth(rubric: Rubric, scored: Iterable[tuple[Criterion, float]]) -> dict[SectionCode, float]:
    """Index points that one point of a KPI's weight is worth, by section."""
    weights: dict[SectionCode, int] = {}
    for criterion, _ in scored:
        weights[criterion.section] = weights.get(criterion.section, 0) + criterion.weight
    share = _shares(rubric, weights)
    return {section: share[section] / weight for section, weight in weights.items()}


def _shares(rubric: Rubric, scored: Collection[SectionCode]) -> dict[SectionCode, float]:
    """Index points of every section that is scored; they add up to 100."""
    weight = sum(rubric.section_weights[section] for section in scored)
    return {section: 100 * rubric.section_weights[section] / weight for section in scored}
