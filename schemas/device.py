"""The device registry's language: what a device is, where, and what its channels mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, model_validator

from schemas.events.envelope import District
from schemas.identity import Identity
from schemas.quantities import CONVERSIONS, QUANTITIES

Part = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
Text = Annotated[str, Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
EdgeNode = Annotated[str, Field(pattern=r"^[^/+#\x00-\x1f\x7f]+/[^/+#\x00-\x1f\x7f]+$", max_length=128)]
Attachment = Literal[
    "building",
    "container_site",
    "stop",
    "vulnerable_site",
    "critical_object",
    "car_park",
    "traffic_light",
    "road",
    "water_node",
    "water_edge",
    "heat_node",
    "heat_edge",
]
"""What a device may be attached to: the objects that inventories count, and parts of networks."""
REST: Final = "*"
"""Among channel names: all that are not named."""
IGNORED: Final = "-"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Channel(_Frozen):
    """What a name that a device sends means. `raw × scale`, in `unit`, is converted into the quantity's own unit."""

    quantity: str
    unit: str | None = None
    """What the device measures in, where its messages do not say; None: the quantity's own."""
    scale: float = Field(default=1, gt=0)
    channel: Text | None = None
    """What it is called here; None: the name as sent."""

    @model_validator(mode="after")
    def _of_a_quantity(self) -> Self:
        quantity = QUANTITIES.get(self.quantity)
        if quantity is None:
            raise ValueError(f"there is no quantity {self.quantity}; schemas/quantities.yaml lists them")
        if self.unit not in (None, quantity.unit) and (self.unit, quantity.unit) not in CONVERSIONS:
            raise ValueError(f"{self.unit} is not converted into {quantity.unit}, the unit of {self.quantity}")
        return self


Channels = Mapping[Text, Channel | None]
"""By the name a device sends, or `name[unit]` where one name has several units; None: left out on purpose."""
_CHANNELS: Final[TypeAdapter[Channels]] = TypeAdapter(Channels)


def _of_cell(given: object) -> object:
    return read_channels(given) if isinstance(given, str) else given


class Device(_Frozen):
    """A registered device. `gateway` is the device that reports for it, `alias` what its names then begin with."""

    city: Part
    system: Part
    device: Part
    label: Text = ""
    gateway: Part | None = None
    alias: Text = ""
    sparkplug: EdgeNode | None = None
    """`group/edge node` under which it speaks Sparkplug B."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    district: District | None = None
    channels: Annotated[Channels, BeforeValidator(_of_cell)] = {}
    attached_kind: Attachment | None = None
    attached_to: Text | None = None
    installed_on: date | None = None
    removed_on: date | None = None
    interval_s: Annotated[float, Field(gt=0)] | None = None
    """How often it is expected to report."""

    @property
    def identity(self) -> Identity:
        """Whose this is."""
        return Identity(self.city, self.system, self.device)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        wrong = next((reason for holds, reason in self._rules() if not holds), None)
        if wrong:
            raise ValueError(wrong)
        return self

    def _rules(self) -> Iterator[tuple[bool, str]]:
        yield (self.latitude is None) == (self.longitude is None), "latitude and longitude belong together"
        attached = self.attached_kind is not None
        yield attached == (self.attached_to is not None), "attached_kind and attached_to belong together"
        yield self.gateway != self.device, "a device is not its own gateway: leave gateway out"
        in_order = self.installed_on is None or self.removed_on is None or self.installed_on <= self.removed_on
        yield in_order, "removed_on lies before installed_on"


_ENTRY: Final = re.compile(
    r"(?P<name>.+)=(?P<quantity>[a-z][a-z0-9_]*)(\[(?P<unit>[^\]]+)\])?(\*(?P<scale>[0-9.eE+-]+))?(>(?P<channel>.+))?"
)


def read_channels(text: str) -> Channels:
    """From a table's cell: `T=air_temperature[degF]*0.1>outside; H=relative_humidity; *=-`, or JSON.

    ValueError says which entry is wrong. Names with a semicolon need the JSON form.
    """
    if text.lstrip().startswith("{"):
        return _CHANNELS.validate_json(text)
    found: dict[str, Any] = {}
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        name, _, meaning = entry.rpartition("=")
        match = _ENTRY.fullmatch(entry)
        if name and meaning == IGNORED:
            found[name] = None
        elif match is None:
            raise ValueError(f"{entry!r} is not NAME=quantity[unit]*scale>channel, nor NAME=- for what is left out")
        else:
            given = {key: value for key, value in match.groupdict().items() if key != "name" and value is not None}
            found[match["name"]] = given
    return _CHANNELS.validate_python(found)


def write_channels(channels: Channels) -> dict[str, Any]:
    """As JSON, without what is not stated."""
    return {name: None if c is None else c.model_dump(exclude_defaults=True) for name, c in channels.items()}
