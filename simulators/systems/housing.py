"""The housing department: jobs on roads, lights, refuse and houses, done in time, late or never."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from schemas.catalogue import Category
from simulators import rhythm
from simulators.cases import around, begun, pick, placed
from simulators.cities import City
from simulators.facts import Fact
from simulators.moments import DAY, HOUR, moment
from simulators.streams import slotted
from simulators.system import System

NAME: Final = "housing"
JOURNAL: Final = "job-journal"
_LONGEST_LIFE: Final = 20 * DAY


class _Job(NamedTuple):
    weight: float
    term: int
    pace: float
    """Median time to do it, as a share of its term."""


_JOBS: Final[Mapping[str, _Job]] = {
    "road-repair": _Job(14, 5 * DAY, 0.75),
    "street-lighting": _Job(16, 3 * DAY, 0.6),
    "refuse-collection": _Job(26, DAY, 0.65),
    "violation-removal": _Job(12, 3 * DAY, 0.8),
    "yard": _Job(10, 5 * DAY, 0.8),
    "lift": _Job(8, DAY, 0.5),
    "building-repair": _Job(12, 10 * DAY, 0.7),
    "other": _Job(2, 5 * DAY, 0.8),
}
_NEVER: Final = 0.03
_SLOWER: Final = {Category.REPUBLICAN: 0.95, Category.REGIONAL: 1.1, Category.DISTRICT: 1.25}


def _facts(seed: int, city: City, begin: int, end: int) -> Iterator[Fact]:
    return slotted(begin, end, lambda slot: _jobs(seed, city, slot), life=_LONGEST_LIFE)


def _jobs(seed: int, city: City, slot: int) -> Iterator[Fact]:
    for case in begun(seed, city, "job", slot, 4 + 180 * city.volume):
        rng = case.rng
        kind = pick(rng, {name: job.weight for name, job in _JOBS.items()})
        data = {**placed(rng, city), "job": case.code, "kind": kind, "ordered_at": case.begun}
        data["due_at"] = case.begun + _JOBS[kind].term
        yield Fact(case.begun, f"{case.code}-ordered", JOURNAL, "housing.job-ordered", data, NAME)
        took = around(rng, _JOBS[kind].pace * _JOBS[kind].term * _slowness(seed, city, data), 0.45)
        if rng.random() >= _NEVER:
            at = case.begun + min(max(HOUR, took), _LONGEST_LIFE)
            done = {**data, "done_at": at}
            yield Fact(at, f"{case.code}-done", JOURNAL, "housing.job-done", done, NAME)


def _slowness(seed: int, city: City, job: Mapping[str, Any]) -> float:
    """Asphalt is hardly laid in winter."""
    ms = job["ordered_at"]
    winter = 1.35 if job["kind"] == "road-repair" and moment(ms).month in (12, 1, 2, 3) else 1.0
    return winter * _SLOWER[city.category] / rhythm.quality(seed, city, NAME, ms, job)


SYSTEM = System(NAME, devices=lambda _city: (JOURNAL,), facts=_facts, over_http=True, memory_days=11)
"""So that jobs whose term ends in a simulated range were ordered in it."""
