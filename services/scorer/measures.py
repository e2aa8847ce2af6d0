"""Measures compiled once at start: for each event type one straight-line function that adds what its events add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.binding import mistakes
from schemas.catalogue import Catalogue, Kpi
from schemas.events.registry import REGISTRY, Registry
from services.scorer.errors import MeasureError
from services.scorer.source import Value
from services.scorer.writing import Cell, Place, Writer


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The fold of one event type."""

    run: Callable[..., None]
    """run(events, category, zone, stored_at, cells, bins, entries): see `Writer.source`."""
    source: str
    """The Python text `run` was compiled from, to be read."""
    cells: tuple[Cell, ...]
    binned: tuple[str, ...]
    """KPI of each dict of bins."""
    dated: tuple[tuple[str, str, int], ...]
    """(KPI, component, term) of each list of entries."""


Compiled = Mapping[type, Program]


def compile_measures(catalogue: Catalogue, registry: Registry = REGISTRY) -> Compiled:
    """All bound measures by event struct; MeasureError when a measure cannot work."""
    places = [place for kpi in kpis_of(catalogue) for place in _places(kpi, registry)]
    return {
        struct: _compile(name, registry, [place for place in places if place.concerns(registry.types[name])])
        for name, struct in registry.structs.items()
    }


def kpis_of(catalogue: Catalogue) -> Iterator[Kpi]:
    """Every KPI that is measured, in the order of annex 4, then the city's own."""
    for _, kpi in catalogue.measured():
        yield kpi


def _places(kpi: Kpi, registry: Registry) -> Iterator[Place]:
    for mistake in mistakes(kpi.measure, registry.types):
        raise MeasureError(f"KPI {kpi.code}: {mistake.reason}")
    for component, measure in kpi.measure.parts():
        for side in ("numerator", "denominator", "base"):
            for position, term in enumerate(getattr(measure, side)):
                yield Place(kpi.code, component, measure, side, position, term)


def _compile(name: str, registry: Registry, places: Sequence[Place]) -> Program:
    writer = Writer(registry.types[name])
    for place in places:
        if place.dated:
            writer.entry(place)
    buckets: dict[tuple[str | None, Value, tuple[str, ...]], list[Place]] = {}
    for place in places:
        if not place.dated:
            moment = writer.scope(place.term.each).variables.moment(place.term.at)
            buckets.setdefault((place.term.each, moment, place.measure.per), []).append(place)
    for (_, moment, per), together in buckets.items():
        writer.cell(moment, per, together)
    text = writer.source()
    namespace = dict(writer.constants)
    exec(compile(text, f"<fold of {name}>", "exec"), namespace)  # noqa: S102  # see source.py on what gets into it
    return Program(namespace["run"], text, tuple(writer.cells), tuple(writer.binned), tuple(writer.dated))
