"""Every event type by name: its contract (pydantic) and the fast decoder derived from it (msgspec)."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import msgspec
from pydantic import AwareDatetime, BaseModel

from schemas.events import (
    contact_centre,
    education,
    electricity,
    emergency,
    energy,
    environment,
    fire_safety,
    gas,
    greenery,
    heat,
    housing,
    parking,
    public_safety,
    public_transport,
    reference,
    roads,
    settlement_centre,
    situation_centre,
    smart_stops,
    survey,
    telemetry,
    traffic,
    video,
    waste,
    water,
)
from schemas.events.envelope import Data, Event, Retraction


def _plain(annotation: Any) -> Any:
    """The type without pydantic's constraints: the gateway has checked them, the decoder need not."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return Union[tuple(_plain(part) for part in get_args(annotation))]  # noqa: UP007
    if origin is Literal:
        return type(get_args(annotation)[0])
    if origin is tuple:
        return types.GenericAlias(tuple, (_plain(get_args(annotation)[0]), ...))
    if annotation is AwareDatetime:
        return datetime
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _struct(annotation.__name__, _fields(annotation))
    return annotation


def _fields(model: type[BaseModel]) -> list[tuple[str, Any, Any]]:
    """(name, type, default) per field; optional fields default to None."""
    hints = typing.get_type_hints(model, include_extras=True)
    return [
        (name, _plain(hints[name]), msgspec.NODEFAULT if field.is_required() else None)
        for name, field in model.model_fields.items()
    ]


def _struct(name: str, fields: list[tuple[str, Any, Any]], **config: Any) -> type[msgspec.Struct]:
    return msgspec.defstruct(name, fields, frozen=True, gc=False, kw_only=True, **config)


def derive(model: type[Data]) -> type[msgspec.Struct]:
    """A struct of one event type, tagged by `type`, with the same field names as its contract."""
    data = _struct(model.__name__ + "Data", _fields(model))
    envelope = [field for field in _fields(Event) if field[0] not in {"type", "data"}]
    return _struct(
        model.__name__ + "Event", [*envelope, ("data", data, msgspec.NODEFAULT)], tag_field="type", tag=model.type_name
    )


@dataclass(frozen=True, slots=True)
class Registry:
    """Event types by name, in three forms."""

    types: Mapping[str, type[Data]]
    contracts: Mapping[str, type[Event[Any]]]
    structs: Mapping[str, type[msgspec.Struct]]
    """The scorer's view of each type; `msgspec.structs.fields` lists what a measure may name."""

    @classmethod
    def of(cls, models: Iterable[type[Data]]) -> Registry:
        """The registry of these types."""
        types = {model.type_name: model for model in models}
        contracts: dict[str, type[Event[Any]]] = {name: Event[model] for name, model in types.items()}  # type: ignore[valid-type]
        return cls(types, contracts, {name: derive(model) for name, model in types.items()})

    def decoder(self) -> msgspec.json.Decoder[Any]:
        """Decodes canonical bytes into the struct of their `type`; msgspec.DecodeError says what is wrong and where."""
        return msgspec.json.Decoder(Union[tuple(self.structs.values())])  # noqa: UP007


REGISTRY: Final = Registry.of(
    [
        *contact_centre.TYPES,
        *education.TYPES,
        *electricity.TYPES,
        *emergency.TYPES,
        *energy.TYPES,
        *environment.TYPES,
        *fire_safety.TYPES,
        *gas.TYPES,
        *greenery.TYPES,
        *heat.TYPES,
        *housing.TYPES,
        *parking.TYPES,
        *public_safety.TYPES,
        *public_transport.TYPES,
        *reference.TYPES,
        *roads.TYPES,
        *settlement_centre.TYPES,
        *situation_centre.TYPES,
        *smart_stops.TYPES,
        *survey.TYPES,
        *telemetry.TYPES,
        *traffic.TYPES,
        *video.TYPES,
        *waste.TYPES,
        *water.TYPES,
    ]
)
EVENT_TYPES: Final = REGISTRY.types
CONTRACTS: Final = REGISTRY.contracts
STRUCTS: Final = REGISTRY.structs
decoder: Final = REGISTRY.decoder
RETRACTION: Final[type[msgspec.Struct]] = _struct("Retraction", _fields(Retraction))
"""The scorer's view of a retraction of any type; its `data` is None."""


def retraction_decoder() -> msgspec.json.Decoder[Any]:
    """Decodes canonical bytes of a retraction, which `decoder()` refuses because they hold no data."""
    return msgspec.json.Decoder(RETRACTION)
