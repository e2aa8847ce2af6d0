"""What the fold of one event type is written from: terms in their places, and the lines they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from schemas.binding import fields_of, fields_of_each
from schemas.events.envelope import Data
from schemas.measures import ANY_EVENT, Measure, Term
from services.scorer.source import ElementSource, Source, Value
from services.scorer.types import Part

WIDTH: Final = len(Part._fields)


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


class Scope(NamedTuple):
    """What is done once for each event, or for each element of one of its lists."""

    variables: Source
    body: list[str]

    @property
    def lines(self) -> list[str]:
        """Variables first."""
        return [*self.variables.each, *self.body]


class Writer:
    """Writes `run` of one event type."""

    def __init__(self, model: type[Data]) -> None:
        self._model = model
        self._event = Scope(Source(fields_of(model), model.model_fields), [])
        self._elements: dict[str, Scope] = {}
        self.cells: list[Cell] = []
        self.binned: list[str] = []
        self.dated: list[tuple[str, str, int]] = []

    @property
    def constants(self) -> dict[str, Any]:
        """What the function's text refers to by name."""
        return self._event.variables.constants

    def scope(self, each: str | None) -> Scope:
        """Of the event itself, or of the elements of a list."""
        if each is None:
            return self._event
        if each not in self._elements:
            fields = fields_of_each(self._model, each)
            self._elements[each] = Scope(ElementSource(self._event.variables, fields, len(self._elements)), [])
        return self._elements[each]

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
                *(f"    {line}" for line in (*names, *self._event.variables.before)),
                "    for decoded in events:",
                "        event = decoded.event",
                "        data = event.data",
                *(f"        {line}" for line in self._event.lines),
                *(line for each, scope in self._elements.items() for line in _loop(each, scope)),
                "",
            ]
        )

    def cell(self, moment: Value, per: tuple[str, ...], places: Sequence[Place]) -> None:
        """Contributions to buckets of the same moment, of terms of one scope."""
        variables, body = self.scope(places[0].term.each)
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
        body += lines

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
        variables, body = self._event
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
        body += self._guarded(place, [line], guard)

    def _value(self, place: Place) -> Value:
        if place.term.value is None:
            return Value("1")
        return self.scope(place.term.each).variables.reading(place.term.value)

    def _guarded(self, place: Place, lines: list[str], also: Sequence[str] = ()) -> list[str]:
        variables, value = self.scope(place.term.each).variables, self._value(place)
        tests = [variables.in_category(place.term.categories)] if place.term.categories else []
        tests += [variables.condition(condition) for condition in place.term.where]
        tests += [f"{value.name} is not None"] if value.nullable else []
        tests += also
        if not tests:
            return lines
        return [f"if {' and '.join(tests)}:", *(f"    {line}" for line in lines)]


def _loop(each: str, scope: Scope) -> list[str]:
    """The lines of a loop over a list of the data."""
    return [f"        for element in data.{each} or ():", *(f"            {line}" for line in scope.lines)]
