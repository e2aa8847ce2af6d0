"""Which fields of an event type are timestamps, straight from its contract in `schemas.events`."""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final, get_args

from pydantic import AwareDatetime, BaseModel

from schemas.events.registry import EVENT_TYPES

PREFIX: Final = "kz.ahual."
Shape = Mapping[str, "Shape | None"]
"""Fields with timestamps in them: None is a timestamp itself, a shape is an object (or list of objects) with some."""


def type_of(kind: str) -> str:
    """CloudEvents `type` of a kind: `parking.entered` is `kz.ahual.parking.entered.v1`."""
    return f"{PREFIX}{kind}.v1"


@cache
def shape_of(kind: str) -> Shape:
    """The timestamps of a kind's data; KeyError when there is no such event type."""
    return _shape(EVENT_TYPES[type_of(kind)])


def replaced(data: Mapping[str, Any], shape: Shape, change: Callable[[Any], Any]) -> dict[str, Any]:
    """The data with every timestamp changed."""
    return {
        name: value if name not in shape or value is None else _changed(value, shape[name], change)
        for name, value in data.items()
    }


def _changed(value: Any, shape: Shape | None, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, list | tuple):
        return [_changed(item, shape, change) for item in value]
    return change(value) if shape is None else replaced(value, shape, change)


def _shape(model: type[BaseModel]) -> Shape:
    hints = typing.get_type_hints(model, include_extras=True)
    found: dict[str, Shape | None] = {}
    for name in model.model_fields:
        for part in _parts(hints[name]):
            if part is AwareDatetime:
                found[name] = None
            elif isinstance(part, type) and issubclass(part, BaseModel) and (inner := _shape(part)):
                found[name] = inner
    return found


def _parts(hint: Any) -> list[Any]:
    """The types a hint is made of: of `Annotated[datetime, …] | None` and `tuple[Reading, ...]` the innermost ones."""
    if hint is AwareDatetime:
        return [hint]
    return [inner for part in get_args(hint) for inner in _parts(part)] or [hint]
