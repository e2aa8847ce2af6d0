"""Attainment and index by annex 5, from the simulator's own reading of annexes 2 and 4 (`score.yaml`).

Values are in the order's units, exact fractions; a change is in percent, a fall negative. Where annex 5 is silent
design.md ("The score") says what holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files
from typing import Final, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from schemas import yaml_text
from simulators.truths.values import Value

Category = Literal["republican", "regional", "district"]
CATEGORIES: Final[tuple[Category, ...]] = ("republican", "regional", "district")
WEIGHTS: Final = {"city_management": 25, "safety": 25, "transport": 20, "ecology": 15, "housing": 15}
"""Annex 5, point 3."""
UPDATE_LIMITS: Final = {"safety": 1, "housing": 24, "ecology": 1, "education": 24}
"""1.4: hours between updates at most, per category of data."""


class Row(BaseModel):
    """A KPI as annex 4 has it; targets for republican, regional and district cities."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    period: Literal["day", "week", "month", "quarter", "year"]
    weight: int
    targets: tuple[str | None, str | None, str | None]
    """`>= 95`, `<= 10`, `80 to 90`; of a change `fall 5`, `rise 3`, `not up`, `not down`; `each`: 1.4's limits."""
    not_for: tuple[Category, ...] = ()


class _Initiative(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    initiative: int
    section: Literal["city_management", "safety", "transport", "ecology", "housing"]
    categories: tuple[Category, ...]
    kpis: Mapping[str, Row]


class Criterion(NamedTuple):
    """What a KPI counts for in a city of one category."""

    section: str
    weight: int
    target: str


def _read() -> tuple[_Initiative, ...]:
    text = (files("simulators") / "score.yaml").read_text("utf-8")
    return tuple(_Initiative.model_validate(entry) for entry in yaml_text.parse(text))


_INITIATIVES: Final = _read()
ROWS: Final[Mapping[str, Row]] = {code: row for one in _INITIATIVES for code, row in one.kpis.items()}
"""All 118, in the order's order."""


def criteria(category: str) -> dict[str, Criterion]:
    """What a city of this category is scored on; ValueError when there is no such category."""
    place = [str(one) for one in CATEGORIES].index(category)
    return {
        code: Criterion(one.section, row.weight, target)
        for one in _INITIATIVES
        if category in one.categories
        for code, row in one.kpis.items()
        if category not in row.not_for and (target := row.targets[place]) is not None
    }


def attainment(target: str, value: Value, absent: int = 0) -> Fraction:
    """0…1; 1 is the target met. `absent`: what a category of data without updates counts in 1.4."""
    if target == "each":
        assert isinstance(value, Mapping)  # noqa: S101  (1.4 is no number)
        parts = [_at_most(limit, value[name]) if name in value else Fraction(absent) for name, limit in _LIMITS]
        return sum(parts, Fraction()) / len(parts)
    assert not isinstance(value, Mapping)  # noqa: S101  (only 1.4 has parts)
    word, _, rest = target.partition(" ")
    return max(Fraction(0), min(Fraction(1), _reached(word, rest, value)))


_LIMITS: Final = [(name, Fraction(limit)) for name, limit in UPDATE_LIMITS.items()]


def _reached(word: str, rest: str, value: Fraction) -> Fraction:
    match word:
        case ">=":
            return value / Fraction(rest)
        case "<=":
            return _at_most(Fraction(rest), value)
        case "fall":
            return -value / Fraction(rest)
        case "rise":
            return value / Fraction(rest)
        case "not":
            return _kept(rest, value)
        case _:
            low, high = Fraction(word), Fraction(rest.removeprefix("to "))
            return value / low if value < low else _at_most(high, value)


def _at_most(limit: Fraction, value: Fraction) -> Fraction:
    return Fraction(1) if value <= limit else limit / value


def _kept(direction: str, value: Fraction) -> Fraction:
    """Not worse than before is 1; else the better over the worse."""
    if direction == "up":
        return Fraction(1) if value <= 0 else 1 / (1 + value / 100)
    return Fraction(1) if value >= 0 else 1 + value / 100


@dataclass(frozen=True, slots=True)
class Score:
    """0…100: over the KPIs that have a value, and with the missing ones as 0 and as 1."""

    index: Fraction | None
    lower: Fraction
    upper: Fraction


def index(category: Category, values: Mapping[str, Value], not_applicable: Collection[str] = ()) -> Score:
    """The index of a city over what has a value; None without any. What is not applicable is left out everywhere."""
    asked = {code: one for code, one in criteria(category).items() if code not in not_applicable}
    reached = {code: attainment(one.target, values[code]) for code, one in asked.items() if code in values}
    highest = {code: attainment(one.target, values[code], absent=1) for code, one in asked.items() if code in values}
    lower = _index({code: (one, reached.get(code, Fraction(0))) for code, one in asked.items()})
    upper = _index({code: (one, highest.get(code, Fraction(1))) for code, one in asked.items()})
    known = _index({code: (one, reached[code]) for code, one in asked.items() if code in reached})
    return Score(known, lower or Fraction(0), Fraction(0) if upper is None else upper)


def _index(scored: Mapping[str, tuple[Criterion, Fraction]]) -> Fraction | None:
    sections = dict(_sections(scored))
    if not sections:
        return None
    weighed = sum((WEIGHTS[name] * mean for name, mean in sections.items()), Fraction())
    return 100 * weighed / sum(WEIGHTS[name] for name in sections)


def _sections(scored: Mapping[str, tuple[Criterion, Fraction]]) -> Iterator[tuple[str, Fraction]]:
    for name in WEIGHTS:
        inside = [(one.weight, reached) for one, reached in scored.values() if one.section == name]
        if inside:
            weight = sum(weight for weight, _ in inside)
            yield name, sum((weight * reached for weight, reached in inside), Fraction()) / weight
