"""Measures against the event types they name: does every field exist, and is it what the measure takes it for?"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel

from schemas.events.envelope import Data, Event
from schemas.measures import (
    ANY_EVENT,
    COMMITTED,
    PSEUDO_FIELDS,
    Amount,
    Condition,
    Deadline,
    Measure,
    Moment,
    Reading,
    Term,
    Terms,
)

Types = Mapping[str, type[Data]]
Sort = Literal["moment", "number", "flag", "text", "list"]
_SORTS: Final[Mapping[type, Sort]] = {datetime: "moment", int: "number", float: "number", bool: "flag", str: "text"}


class Mistake(NamedTuple):
    """Where in a measure (keys and positions, as in its YAML), and what is wrong there."""

    path: tuple[str | int, ...]
    reason: str


class FieldType(NamedTuple):
    """What a measure has to know of a field."""

    sort: Sort
    nullable: bool
    values: tuple[Any, ...] = ()
    """The only values the contract lets through; empty: any."""
    elements: type[BaseModel] | None = None
    """What a list holds."""


def fields_of(model: type[Data]) -> dict[str, FieldType]:
    """Every field a measure may name: those of the data, else of the envelope, else parts of the identity."""
    envelope = {name: field for name, field in _fields(Event).items() if name not in ("type", "data")}
    data = _fields(model)
    pseudo = {name: FieldType("text", nullable=False) for name in PSEUDO_FIELDS}
    return {**pseudo, **envelope, **data, COMMITTED: FieldType("moment", nullable=False)}


def fields_of_each(model: type[Data], each: str) -> dict[str, FieldType]:
    """The fields of the elements of a list of the data; none when it has no such list."""
    found = _fields(model).get(each)
    return _fields(found.elements) if found and found.elements else {}


def mistakes(measure: Measure, known: Types) -> Iterator[Mistake]:
    """What is wrong with a measure; nothing when it can be compiled."""
    for component, part in measure.parts():
        prefix: tuple[str | int, ...] = ("components", component) if component else ()
        for side in ("numerator", "denominator", "base"):
            for position, term in enumerate(getattr(part, side)):
                dated = side == "base" or part.shape == "latest"
                for mistake in _term(term, part, known, dated=dated):
                    yield Mistake((*prefix, side, position, *mistake.path), mistake.reason)


def _term(term: Term, measure: Measure, known: Types, *, dated: bool) -> Iterator[Mistake]:
    if term.event != ANY_EVENT and term.event not in known:
        yield Mistake(("event",), f"there is no event type {term.event}")
        return
    if dated and term.value is None:
        yield Mistake((), "a dated entry needs a value")
    if not dated and term.until is not None:
        yield Mistake(("until",), "only a dated entry ceases to hold")
    if dated and term.each is not None:
        yield Mistake(("each",), "a dated entry is a fact of the whole event")
    for name in known if term.event == ANY_EVENT else (term.event,):
        fields = fields_of(known[name])
        each = fields_of_each(known[name], term.each) if term.each is not None else {}
        if term.each is not None and not each:
            yield Mistake(("each",), f"event type {name} has no list {term.each}")
        else:
            yield from _Checker(name, {**fields, **each}).term(term, measure)


class _Checker(NamedTuple):
    """Checks a term against one event type."""

    event: str
    fields: Mapping[str, FieldType]

    def term(self, term: Term, measure: Measure) -> Iterator[Mistake]:
        yield from self._moment(("at",), term.at)
        if term.until is not None:
            yield from self._is(("until",), term.until, "moment")
        for name in measure.per:
            yield from self._is(("where",), name, "text")
        if term.value is not None:
            yield from self._reading(("value",), term.value)
        for position, condition in enumerate(term.where):
            yield from self._condition(("where", position), condition)

    def _reading(self, path: tuple[str | int, ...], reading: Reading) -> Iterator[Mistake]:
        if reading.field is not None:
            yield from self._is((*path, "field"), reading.field, "number")
        yield from self._elapsed(path, reading.elapsed)

    def _condition(self, path: tuple[str | int, ...], condition: Condition) -> Iterator[Mistake]:
        c = condition
        yield from self._elapsed(path, c.elapsed)
        if c.field is not None:
            sort: Sort | None = None
            if c.not_after is not None or c.local is not None:
                sort = "moment"
            elif c.at_most is not None or c.at_least is not None or c.not_above is not None:
                sort = "number"
            yield from self._is((*path, "field"), c.field, sort)
            wanted = [v for v in (c.equals, *(c.one_of or ())) if v is not None]
            yield from self._possible(path, c.field, wanted)
        for amount in (c.at_most, c.at_least):
            yield from self._amount(path, amount)
        if c.not_above is not None:
            yield from self._is((*path, "not_above"), c.not_above, "number")
        if c.not_after is not None:
            yield from self._moment((*path, "not_after"), c.not_after)

    def _moment(self, path: tuple[str | int, ...], moment: Moment) -> Iterator[Mistake]:
        if isinstance(moment, Deadline):
            yield from self._is((*path, "after"), moment.after, "moment")
            yield from self._amount((*path, "term"), moment.term)
        else:
            yield from self._is(path, moment, "moment")

    def _elapsed(self, path: tuple[str | int, ...], elapsed: tuple[str, str] | None) -> Iterator[Mistake]:
        for position, name in enumerate(elapsed or ()):
            yield from self._is((*path, "elapsed", position), name, "moment")

    def _amount(self, path: tuple[str | int, ...], amount: Amount | None) -> Iterator[Mistake]:
        if isinstance(amount, Terms):
            yield from self._is((*path, "field"), amount.field, "text")
            yield from self._possible(path, amount.field, list(amount.by))

    def _is(self, path: tuple[str | int, ...], name: str, sort: Sort | None) -> Iterator[Mistake]:
        field = self.fields.get(name)
        if field is None:
            yield Mistake(path, f"event type {self.event} has no field {name}")
        elif sort is not None and field.sort != sort:
            yield Mistake(path, f"{name} of {self.event} is no {'timestamp' if sort == 'moment' else sort}")

    def _possible(self, path: tuple[str | int, ...], name: str, wanted: list[Any]) -> Iterator[Mistake]:
        field = self.fields.get(name)
        for value in wanted if field and field.values else ():
            assert field is not None  # noqa: S101
            if value not in field.values:
                possible = ", ".join(map(str, field.values))
                yield Mistake(path, f"{name} of {self.event} is never {value!r}, only {possible}")


@cache
def _fields(model: type[BaseModel]) -> dict[str, FieldType]:
    hints = typing.get_type_hints(model, include_extras=True)
    found = {name: _field(hints[name]) for name in model.model_fields}
    # The decoder leaves a field that may be left out None, whatever its default.
    return {
        name: field._replace(nullable=field.nullable or not model.model_fields[name].is_required())
        for name, field in found.items()
    }


def _field(hint: Any) -> FieldType:
    origin = get_origin(hint)
    if origin is Annotated:
        return _field(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        inner = [part for part in get_args(hint) if part is not type(None)]
        return _field(inner[0])._replace(nullable=len(inner) < len(get_args(hint)))
    if origin is tuple:
        held = get_args(hint)[0]
        elements = held if isinstance(held, type) and issubclass(held, BaseModel) else None
        return FieldType("list", nullable=False, elements=elements)
    if origin is Literal:
        values = get_args(hint)
        return FieldType(_SORTS[type(values[0])], nullable=False, values=values)
    sorts = (sort for kind, sort in _SORTS.items() if _is_a(hint, kind))
    return FieldType(next(sorts, "text"), nullable=False)


def _is_a(hint: Any, kind: type) -> bool:
    return hint is kind or (kind is datetime and getattr(hint, "__name__", "") == "AwareDatetime")
