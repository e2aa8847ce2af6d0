"""Measures compiled once at start: for each event type one straight-line function that adds what its events add."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.binding import fields_of, mistakes
from schemas.catalogue import Catalogue, Kpi
from schemas.events.envelope import Data, Event
from schemas.events.registry import REGISTRY, Registry
from schemas.measures import ANY_EVENT, Measure, Term
from services.scorer.errors import MeasureError
from services.scorer.source import Source, Value
from services.scorer.types import Part

WIDTH: Final = len(Part._fields)
_ENVELOPE: Final = frozenset(Event.model_fields)


class Series(NamedTuple):
    """Where in a cell's list the sums of a KPI, or of a component of it, begin."""

    at: int
    kpi: str
    component: str


@dataclass(frozen=True, slots=True)
class Cell:
    """Series whose sums lie side by side in one list per bucket, because they share it."""

    series: tuple[Series, ...]
    per: int
    """How many fields tell components apart; their values stand in the key after district and minute."""


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """The fold of one event type."""

    run: Callable[..., None]
    """run(events, category, zone, stored_at, cells, bins, entries): see `_Writer.source`."""
    source: str
    """The Python text `run` was compiled from, to be read."""
    cells: tuple[Cell, ...]
    binned: tuple[str, ...]
    """KPI of each dict of bins."""
    dated: tuple[tuple[str, str, int], ...]
    """(KPI, component, term) of each list of entries."""


Compiled = Mapping[type, Program]


class Place(NamedTuple):
    """A term and where it stands."""

    kpi: str
    component: str
    measure: Measure
    side: str
    position: int
    term: Term

    @property
    def dated(self) -> bool:
        """Whether its events are dated entries, not sums."""
        return self.side == "base" or self.measure.shape == "latest"

    def concerns(self, model: type[Data]) -> bool:
        """Whether events of this type can add anything."""
        if self.measure.kind == "spacing" and model.system is not None and model.system not in self.measure.systems:
            return False
        return self.term.event in (model.type_name, ANY_EVENT)


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
    writer = _Writer(Source(fields_of(registry.types[name]), _ENVELOPE))
    for place in places:
        if place.dated:
            writer.entry(place)
    buckets: dict[tuple[Value, tuple[str, ...]], list[Place]] = {}
    for place in places:
        if not place.dated:
            moment = writer.variables.moment(place.term.at)
            buckets.setdefault((moment, place.measure.per), []).append(place)
    for (moment, per), together in buckets.items():
        writer.cell(moment, per, together)
    text = writer.source()
    namespace = dict(writer.variables.constants)
    exec(compile(text, f"<fold of {name}>", "exec"), namespace)  # noqa: S102  # see source.py on what gets into it
    return Program(namespace["run"], text, tuple(writer.cells), tuple(writer.binned), tuple(writer.dated))


class _Writer:
    """Writes `run` of one event type."""

    def __init__(self, variables: Source) -> None:
        self.variables = variables
        self.cells: list[Cell] = []
        self.binned: list[str] = []
        self.dated: list[tuple[str, str, int]] = []
        self._body: list[str] = []

    def source(self) -> str:
        """The whole function. Cells, bins and entries are one dict or list each for every number in the body."""
        names = [
            *(f"cells{n} = cells[{n}]" for n in range(len(self.cells))),
            *(f"bins{n} = bins[{n}]" for n in range(len(self.binned))),
            *(f"entries{n} = entries[{n}]" for n in range(len(self.dated))),
        ]
        return "\n".join(
            [
                "def run(events, category, zone, stored_at, cells, bins, entries):",
                *(f"    {line}" for line in (*names, *self.variables.before)),
                "    for decoded in events:",
                "        event = decoded.event",
                "        data = event.data",
                *(f"        {line}" for line in (*self.variables.each, *self._body)),
                "",
            ]
        )

    def cell(self, moment: Value, per: tuple[str, ...], places: Sequence[Place]) -> None:
        """Contributions to buckets of the same moment."""
        variables = self.variables
        series = dict.fromkeys((place.kpi, place.component) for place in places)
        offsets = {one: WIDTH * position for position, one in enumerate(series)}
        number = len(self.cells)
        self.cells.append(Cell(tuple(Series(at, *one) for one, at in offsets.items()), len(per)))
        minute = variables.minute(moment)
        extra = "".join(f", {variables.field(name).name}" for name in per)
        lines = [
            f"key = ({variables.field('district').name}, {minute.name}{extra})",
            f"sums = cells{number}.get(key)",
            "if sums is None:",
            f"    sums = cells{number}[key] = [0] * {WIDTH * len(series)}",
        ]
        for place in places:
            lines += self._guarded(place, self._additions(place, offsets[place.kpi, place.component]))
        if minute.nullable:
            lines = [f"if {minute.name} is not None:", *(f"    {line}" for line in lines)]
        self._body += lines

    def _additions(self, place: Place, offset: int) -> list[str]:
        value = self._value(place)
        lines = [f"sums[{offset + (place.side == 'denominator')}] += {value.name}"]
        lines.append(f"sums[{offset + 2}] += 1")
        if place.measure.shape == "mean":
            lines.append(f"sums[{offset + 1}] += 1")
            if not place.component and place.term.value is not None and place.term.value.elapsed is not None:
                lines += self._bin(place, value)
        return lines

    def _bin(self, place: Place, value: Value) -> list[str]:
        number = len(self.binned)
        self.binned.append(place.kpi)
        return [
            f"place = (key[1], bin_of({value.name}))",
            f"bins{number}[place] = bins{number}.get(place, 0) + 1",
        ]

    def entry(self, place: Place) -> None:
        """A dated entry of each matching event."""
        variables = self.variables
        number = len(self.dated)
        number_of_term = -1 - place.position if place.side == "base" else place.position
        self.dated.append((place.kpi, place.component, number_of_term))
        value, at = self._value(place), variables.moment(place.term.at)
        until = variables.field(place.term.until).name if place.term.until is not None else "None"
        line = (
            f"entries{number}.append(({variables.field('district').name}, event.source, {at.name}, "
            f"decoded.key, {value.name}, {until}))"
        )
        guard = [f"{v.name} is not None" for v in (at,) if v.nullable]
        self._body += self._guarded(place, [line], guard)

    def _value(self, place: Place) -> Value:
        return self.variables.reading(place.term.value) if place.term.value is not None else Value("1")

    def _guarded(self, place: Place, lines: list[str], also: Sequence[str] = ()) -> list[str]:
        variables, value = self.variables, self._value(place)
        tests = [variables.in_category(place.term.categories)] if place.term.categories else []
        tests += [variables.condition(condition) for condition in place.term.where]
        tests += [f"{value.name} is not None"] if value.nullable else []
        tests += also
        if not tests:
            return lines
        return [f"if {' and '.join(tests)}:", *(f"    {line}" for line in lines)]
