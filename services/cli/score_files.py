"""The files that `ahual score`, `explain`, `rank` and `boston` read: JSON, strictly."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from schemas.catalogue import Catalogue, Category, Frozen
from services.cityscore.errors import InputError
from services.cityscore.index import score_with
from services.cityscore.initiatives import AdditionalInitiative
from services.cityscore.policy import Policy
from services.cityscore.result import Score, score_from_json
from services.cityscore.rubric import Rubrics, known_category
from services.cityscore.yearly import evaluate


class CityFile(Frozen):
    """A city to be ranked: its values now, or (`periods`) by closed period of a year."""

    category: str | None = None
    values: dict[str, Any] | None = None
    additional: int = 0
    not_applicable: tuple[str, ...] = ()
    periods: dict[str, dict[str, Any]] | None = None
    not_applicable_periods: dict[str, tuple[str, ...]] | None = None
    initiatives: tuple[AdditionalInitiative, ...] = ()


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file (`-`: standard input). Raises InputError, also for NaN, Infinity or a repeated key."""
    try:
        content = sys.stdin.read() if str(path) == "-" else path.read_text("utf-8")
        parsed = json.loads(content, parse_constant=_no_number, object_pairs_hook=_unique)
    except (OSError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError("cityscore.unreadable_file", file=path, reason=reason) from error
    if not isinstance(parsed, dict):
        raise InputError("cityscore.not_an_object", file=path)
    return parsed


def read_score(path: Path) -> Score:
    """A score written by `ahual score --json`."""
    try:
        return score_from_json(read_object(path))
    except InputError as error:
        raise InputError(error.key, **{"file": path, **error.params}) from error


def read_spans(path: Path) -> dict[str, dict[str, Any]]:
    """Values by span (day, week, month, quarter) for Boston's view."""
    spans = read_object(path)
    for span, values in spans.items():
        if not isinstance(values, dict):
            raise InputError("cityscore.span_not_an_object", file=path, span=span)
    return spans


def read_cities(folder: Path, catalogue: Catalogue, policy: Policy, year: int | None) -> dict[str, Score]:
    """Every `CITY.json` in a folder, or in its subfolders named by category. Raises InputError naming the file.

    A file is a score (`ahual score --json`), a `CityFile`, or, in a category's subfolder, plain values by code.
    """
    if not folder.is_dir():
        raise InputError("cityscore.no_folder", folder=folder)
    rubrics = Rubrics(catalogue)
    scores: dict[str, Score] = {}
    for path in sorted([*folder.glob("*.json"), *(p for c in Category for p in (folder / c.value).glob("*.json"))]):
        if path.stem in scores:
            raise InputError("cityscore.city_twice", city=path.stem, file=path)
        try:
            scores[path.stem] = _city(path, rubrics, policy, year)
        except InputError as error:
            raise InputError("cityscore.in_file", file=path, error=error) from error
    if not scores:
        raise InputError("cityscore.no_cities", folder=folder)
    return scores


def _city(path: Path, rubrics: Rubrics, policy: Policy, year: int | None) -> Score:
    data = read_object(path)
    if "index" in data:
        return score_from_json(data)
    city = _city_file(path, data)
    rubric = rubrics.of(known_category(city.category or path.parent.name), policy)
    if year is None:
        return score_with(rubric, city.values or {}, city.additional, city.not_applicable)
    if city.periods is None:
        raise InputError("cityscore.periods_needed", file=path)
    return evaluate(rubric, path.stem, year, city.periods, city.initiatives, city.not_applicable_periods).score


def _city_file(path: Path, data: Mapping[str, Any]) -> CityFile:
    plain = "values" not in data and "periods" not in data
    try:
        return CityFile.model_validate({"values": data} if plain else data)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError("cityscore.bad_city_file", file=path, where=where, reason=first["msg"]) from error


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"{key!r} is repeated")
    return dict(pairs)
