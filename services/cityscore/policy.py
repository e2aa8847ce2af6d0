"""The choices the order leaves open, as explicit parameters of a score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from schemas.catalogue import Category, Initiative, Kpi
from services.cityscore.errors import InputError

Missing = Literal["skip", "zero"]
Levels = Literal["annex2", "annex4"]
Stages = Literal["all", "due"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which KPIs count, and what a missing one does. Raises InputError for what is no choice."""

    missing: Missing = "skip"
    """`skip` averages over what is there; `zero` counts a missing KPI as 0."""
    levels: Levels = "annex2"
    """`annex2`: the initiatives due at the city's level; `annex4`: wherever there is a target."""
    stages: Stages = "all"
    """`due`: only initiatives whose stage has reached its last year (2027, 2028, 2030) by `year`."""
    year: int | None = None

    def __post_init__(self) -> None:
        _one_of("missing", self.missing, get_args(Missing))
        _one_of("levels", self.levels, get_args(Levels))
        _one_of("stages", self.stages, get_args(Stages))
        if self.stages == "due" and self.year is None:
            raise InputError("cityscore.year_needed")

    def counts(self, initiative: Initiative, kpi: Kpi, category: Category) -> bool:
        """Whether a KPI is scored for a category. Under `due`, an initiative without a level is never due."""
        return (
            kpi.targets.of(category) is not None
            and self._level(initiative, kpi, category)
            and self._due(initiative, category)
        )

    def _level(self, initiative: Initiative, kpi: Kpi, category: Category) -> bool:
        return self.levels == "annex4" or (category in initiative.levels and category not in kpi.not_for)

    def _due(self, initiative: Initiative, category: Category) -> bool:
        if self.stages == "all" or self.year is None:
            return True
        level = initiative.levels.get(category)
        return level is not None and level.years[1] <= self.year


def _one_of(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError("cityscore.unknown_choice", option=option, value=value, choices=", ".join(choices))


DEFAULT_POLICY: Final = Policy()
