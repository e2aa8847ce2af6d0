"""`ahual catalogue --coverage`: per KPI the event types it reads, the simulated systems that send them, its truth."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.catalogue import Catalogue
from schemas.measures import ANY_EVENT, Measure
from simulators.expectation import LATENCY
from simulators.systems import SYSTEMS
from simulators.truths import TRUTHS


@dataclass(frozen=True, slots=True)
class Covered:
    """What stands behind a KPI."""

    code: str
    events: tuple[str, ...]
    """Event types its measure names; empty: it is not bound."""
    systems: tuple[str, ...]
    """Simulated systems that send them; empty: one that it needs is missing."""
    truth: bool
    """The simulator knows what it must be; of 1.1, which runs to our own commit, how many events it must count."""

    @property
    def complete(self) -> bool:
        """Source, simulator and truth are there."""
        return bool(self.events) and bool(self.systems) and self.truth


def coverage(catalogue: Catalogue) -> list[Covered]:
    """All KPIs of the order, in its order."""
    return [
        Covered(
            kpi.code,
            tuple(dict.fromkeys(_events(kpi.measure))),
            _systems(kpi.measure),
            kpi.code in TRUTHS or kpi.code == LATENCY,
        )
        for initiative in catalogue.initiatives
        for kpi in initiative.kpis
    ]


def _events(measure: Measure) -> Iterator[str]:
    for _, part in measure.parts():
        for term in (*part.numerator, *part.denominator, *part.base):
            yield term.event


def _systems(measure: Measure) -> tuple[str, ...]:
    """Where no source is required, those that may send such events: all of them, or the groups of 1.4."""
    if not measure.sources and ANY_EVENT not in _events(measure):
        return ()
    named = [system for group in measure.groups.values() for system in group]
    wanted = measure.sources or tuple(named) or tuple(SYSTEMS)
    return wanted if all(system in SYSTEMS for system in wanted) else ()
