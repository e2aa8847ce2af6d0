"""What a city is scored on: the catalogue, compiled once per category and policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from schemas.catalogue import Catalogue, Category, Kpi, Methodology, Period, SectionCode, Target
from services.cityscore.errors import InputError
from services.cityscore.policy import DEFAULT_POLICY, Policy

Bands = tuple[tuple[float, str], ...]
"""(floor, rating), the highest first."""


@dataclass(frozen=True, slots=True)
class Criterion:
    """One KPI that is scored."""

    code: str
    section: SectionCode
    weight: int
    period: Period
    target: Target


@dataclass(frozen=True, slots=True)
class Rubric:
    """Everything `index.assess` needs to know of the catalogue."""

    catalogue: str
    category: Category
    policy: Policy
    criteria: Mapping[str, Criterion]
    ignored: Mapping[str, Target | None]
    """Codes of the catalogue not scored here, with a target of another category: their values are only checked."""
    section_weights: Mapping[SectionCode, int]
    bands: Bands
    bonus: float
    """Index points per additional initiative."""

    @classmethod
    def of(cls, catalogue: Catalogue, category: Category | str, policy: Policy = DEFAULT_POLICY) -> Self:
        """Compile. Raises InputError for an unknown category."""
        city = known_category(category)
        criteria: dict[str, Criterion] = {}
        ignored: dict[str, Target | None] = {}
        for initiative in catalogue.initiatives:
            for kpi in initiative.kpis:
                target = kpi.targets.of(city)
                if target is not None and policy.counts(initiative, kpi, city):
                    criteria[kpi.code] = Criterion(kpi.code, initiative.section, kpi.weight, kpi.period, target)
                else:
                    ignored[kpi.code] = _any_target(kpi)
        method = catalogue.methodology
        return cls(
            catalogue=catalogue.hash,
            category=city,
            policy=policy,
            criteria=criteria,
            ignored=ignored,
            section_weights={code: section.weight for code, section in method.sections.items()},
            bands=bands_of(method),
            bonus=method.additional_initiative_points,
        )


class Rubrics:
    """The rubrics of one catalogue, each compiled when first asked for."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._compiled: dict[tuple[Category, Policy], Rubric] = {}

    def of(self, category: Category, policy: Policy = DEFAULT_POLICY) -> Rubric:
        """The rubric of a category and policy."""
        if (category, policy) not in self._compiled:
            self._compiled[category, policy] = Rubric.of(self.catalogue, category, policy)
        return self._compiled[category, policy]


def bands_of(methodology: Methodology) -> Bands:
    """The rating bands."""
    return tuple(sorted(((band.floor, rating) for rating, band in methodology.bands.items()), reverse=True))


def rating_of(bands: Bands, total: float) -> str:
    """The band of a total, compared after rounding to 9 decimals; below every floor: the lowest band."""
    rounded = round(total, 9)
    return next((rating for floor, rating in bands if rounded >= floor), bands[-1][1])


def known_category(category: Category | str) -> Category:
    """The category of that name. Raises InputError when there is none."""
    try:
        return Category(category)
    except ValueError as error:
        choices = ", ".join(Category)
        raise InputError("cityscore.unknown_category", category=category, choices=choices) from error


def _any_target(kpi: Kpi) -> Target | None:
    return next((target for category in Category if (target := kpi.targets.of(category)) is not None), None)
