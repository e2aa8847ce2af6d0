"""Under which measures a partition's parts were added (docs/adr/0017-measure-versions.md). Pure.

All parts of a KPI and partition follow one measure, and all parts of a city one category and time zone. What they
follow is stored beside them, so that a scorer that measures otherwise knows what to rebuild before it goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final, Literal, NamedTuple

from schemas.catalogue import Catalogue
from services.cityscore.catalogue import is_own
from services.scorer.measures import kpis_of
from services.scorer.types import City

FOLD: Final = 1
"""Grows when the code changes what an event adds under the same measure, so that everything is rebuilt."""

Kind = Literal["kpi", "city"]


class Subject(NamedTuple):
    """What additions depend on beside the event: a KPI's measure, a city's category and time zone."""

    kind: Kind
    code: str


@dataclass(frozen=True)
class Basis:
    """What a scorer adds events under, as a hash per subject."""

    subjects: Mapping[Subject, str]

    @cached_property
    def hash(self) -> str:
        """Of all subjects: what `consumer_offset.measures` holds and step 1 of a commit compares."""
        return _digest("\n".join(f"{kind} {code} {found}" for (kind, code), found in sorted(self.subjects.items())))

    @cached_property
    def measures(self) -> str:
        """Of the order's measures: what tells an older catalogue from a newer one. A city's own come and go."""
        ordered = ((s.code, found) for s, found in sorted(self.subjects.items()) if s.kind == "kpi")
        return _digest("\n".join(f"{code} {found}" for code, found in ordered if not is_own(code)))


class Stale(NamedTuple):
    """What has to be recomputed: these KPIs of all cities, and all KPIs of these cities."""

    kpis: frozenset[str]
    cities: frozenset[str]


def basis(catalogue: Catalogue, cities: Mapping[str, City]) -> Basis:
    """What a scorer with this catalogue and these cities adds events under."""
    measures = {
        Subject("kpi", kpi.code): _digest(f"{FOLD} {kpi.measure.model_dump_json()}")
        for kpi in kpis_of(catalogue)
        if kpi.measure.bound
    }
    towns = {Subject("city", city.code): _digest(f"{city.category} {city.timezone}") for city in cities.values()}
    return Basis({**measures, **towns})


def stale(stored: Mapping[Subject, str], now: Basis) -> Stale:
    """What was added otherwise than it would be now. A city that is new has nothing to recompute: it had no events."""
    changed = {subject for subject, found in now.subjects.items() if stored.get(subject) != found}
    return Stale(
        frozenset(subject.code for subject in changed if subject.kind == "kpi"),
        frozenset(subject.code for subject in changed if subject.kind == "city" and subject in stored),
    )


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
