"""The columns of an event type, derived from its contract, and what they are called in kk, ru and en."""

from __future__ import annotations

import re
import types
import typing
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from schemas.events.envelope import Data
from schemas.events.registry import EVENT_TYPES
from schemas.personal import marks
from services.runtime.messages import LANGUAGES, Language, text

Kind = Literal["text", "whole", "flag", "choice", "moment"]
OWN: Final[Mapping[str, Kind]] = {
    "event": "text",
    "id": "text",
    "source": "text",
    "time": "moment",
    "revision": "whole",
    "withdrawn": "flag",
    "time_before": "moment",
}
"""Columns that every table may have beside its type's fields."""
UNITS: Final[Mapping[str, tuple[tuple[str, Decimal], ...]]] = {
    "tiyn": (("tenge", Decimal(100)),),
    "wh": (("kwh", Decimal(1000)), ("mwh", Decimal(1_000_000)), ("gcal", Decimal(1_163_000))),
    "l": (("m3", Decimal(1000)),),
    "kg": (("t", Decimal(1000)),),
    "m": (("km", Decimal(1000)),),
    "ng_m3": (("ug_m3", Decimal(1000)), ("mg_m3", Decimal(1_000_000))),
    "mm_s": (("m_s", Decimal(1000)),),
    "ms": (("s", Decimal(1000)),),
    "percent": (),
}
"""Units that people write, by the smallest unit at the end of a field's name: what 1 of them is in it."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table. `unit` is the one people write, `factor` what 1 of it is in the field's own."""

    field: str
    kind: Kind
    required: bool = False
    choices: tuple[str | int, ...] = ()
    personal: bool = False
    unit: str | None = None
    factor: Decimal = Decimal(1)

    def label(self, lang: Language) -> str:
        """What stands in the header."""
        name = text(f"fields.{self.field}", lang)
        return f"{name}, {text(f'files.unit_{self.unit}', lang)}" if self.unit else name


def short_name(type_name: str) -> str:
    """`violation-recorded` of `kz.ahual.parking.violation-recorded.v1`."""
    return type_name.split(".")[-2]


@cache
def types_of(system: str) -> Mapping[str, type[Data]]:
    """The event types that a system's files may hold, by short name: departments' events of plain values.

    A type of every system gives way to one of this system with the same name.
    """
    fitting = [
        (short_name(name), data)
        for name, data in EVENT_TYPES.items()
        if data.system in (None, system) and data.event_class == "department" and all(map(_plain, _leaves(data)))
    ]
    own = {name for name, data in fitting if data.system}
    return {f"general-{name}" if name in own and data.system is None else name: data for name, data in fitting}


@cache
def columns_of(data: type[Data]) -> tuple[Column, ...]:
    """The type's own columns in the contract's order, one per field, in the unit people write first."""
    return tuple(variants[0] for variants in _variants(data))


@cache
def headers_of(data: type[Data]) -> Mapping[str, Column]:
    """Every spelling of a header that is understood, normalised, and the column it names."""
    found = {normal(name): Column(name, kind) for name, kind in OWN.items()}
    found |= {normal(Column(n, k).label(lang)): Column(n, k) for n, k in OWN.items() for lang in LANGUAGES}
    for column in (column for variants in _variants(data) for column in reversed(variants)):
        found |= {normal(column.label(lang)): column for lang in LANGUAGES}
    for plain in (variants[-1] for variants in _variants(data)):
        found[normal(plain.field)] = plain
    return found


def row_key(data: type[Data]) -> Sequence[str]:
    """The fields that tell one fact of this type from another of the same moment; none: a row needs an id."""
    if data.row_key is not None:
        return data.row_key
    named = (c.field for c in columns_of(data) if c.required and c.kind == "text")
    return tuple(named)[:1]


def normal(header: str) -> str:
    """A header without what people change in it: capitals, blanks, the star of a required column, a unit's brackets."""
    plain = unicodedata.normalize("NFKC", header).casefold().replace("ё", "е")
    return re.sub(r"[\s_*:;,()\[\].]+", " ", plain).strip()


@cache
def _variants(data: type[Data]) -> tuple[tuple[Column, ...], ...]:
    """Per field its columns: in each unit that people write, and last in the field's own."""
    hints = typing.get_type_hints(data, include_extras=True)
    made = []
    for field, info in data.model_fields.items():
        leaf = _leaf(hints[field])
        kind: Kind = "choice" if get_origin(leaf) is Literal else _KINDS[leaf]
        choices = get_args(leaf) if kind == "choice" else ()
        plain = Column(
            field, kind, required=info.is_required(), choices=choices, personal=any(True for _ in marks(hints[field]))
        )
        made.append(tuple(_in_units(plain)))
    return tuple(made)


def _in_units(plain: Column) -> list[Column]:
    suffix = next((s for s in sorted(UNITS, key=len, reverse=True) if plain.field.endswith(f"_{s}")), None)
    if suffix is None or plain.kind != "whole":
        return [plain]
    units = [*UNITS[suffix], (suffix, Decimal(1))]
    return [Column(plain.field, "whole", required=plain.required, unit=unit, factor=factor) for unit, factor in units]


_KINDS: Final[Mapping[Any, Kind]] = {str: "text", int: "whole", bool: "flag", datetime: "moment"}


def _leaves(data: type[Data]) -> list[Any]:
    hints = typing.get_type_hints(data, include_extras=True)
    return [_leaf(hints[field]) for field in data.model_fields]


def _plain(leaf: Any) -> bool:
    return leaf in _KINDS or get_origin(leaf) is Literal


def _leaf(annotation: Any) -> Any:
    """The type under constraints and `| None`."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _leaf(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return _leaf(next(part for part in get_args(annotation) if part is not type(None)))
    return datetime if getattr(annotation, "__name__", "") == "AwareDatetime" else annotation
