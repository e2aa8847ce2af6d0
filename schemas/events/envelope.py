"""The CloudEvents 1.0 envelope and the base of every event's data.

Identity is `(source, id, time)`. A gateway fills in what a plain device leaves out: `source` from the topic, `id` as
the SHA-256 of topic and bytes, `time` from its own clock together with the mark `clockless`.

An event that supersedes another one is a correction; without data it is a retraction (docs/adr/0008-corrections.md).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from schemas.personal import LONGEST, PersonalMark, looks_like_phone, well_formed

EventClass = Literal["telemetry", "department"]


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999 in UTC") from error


Timestamp = Annotated[AwareDatetime, AfterValidator(_utc)]
"""RFC 3339 with zone; kept in UTC, microseconds."""


def no_phone(name: str) -> str:
    """ValueError where a text looks like a telephone number."""
    if looks_like_phone(name):
        raise ValueError("looks like a telephone number: give an id of your own, which says nothing of a person")
    return name


Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(no_phone)]
"""An id or a name that identifies nobody: what does is one of the types below."""
District = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""A district's code; empty parts of a city's territory leave it out."""


_Raw = Annotated[
    str, Field(min_length=1, max_length=LONGEST, pattern=r"^[^\x00-\x1f\x7f]+$"), AfterValidator(well_formed)
]
Personal = Annotated[_Raw, PersonalMark("person")]
"""What identifies a person. The gateway puts a keyed hash in its place (schemas/personal.py, docs/privacy.md), so
scorers and everybody behind them only ever see `p1:…`. Take the kind that fits: equal kinds are comparable."""
Plate = Annotated[_Raw, PersonalMark("plate")]
"""A vehicle's number plate, however it is written."""
Phone = Annotated[_Raw, PersonalMark("phone")]
Face = Annotated[_Raw, PersonalMark("face")]
"""The id of a face template; never the template, never a picture."""
Account = Annotated[_Raw, PersonalMark("account")]
"""A personal account of a supplier or of a settlement centre."""


class Data(BaseModel):
    """What an event states. Unknown fields are refused, so that no personal data slips in unseen."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True
    )

    type_name: ClassVar[str]
    """CloudEvents `type`."""
    system: ClassVar[str | None]
    """The system whose sources may send it; None: those of any system."""
    event_class: ClassVar[EventClass]
    title: ClassVar[dict[str, str]]
    """What it is called in kk, ru and en."""
    measuring: ClassVar[bool] = False
    """It states what a sensor reads, so the same value for too long is a sensor that froze; a case never is one."""
    channel_fields: ClassVar[tuple[str, ...]] = ()
    """Of a measuring type: the fields that name the channel, when a device has several."""
    elements: ClassVar[str | None] = None
    """The field that holds a list of facts, each with fields and a `time` of its own, that measures can take singly."""
    row_key: ClassVar[tuple[str, ...] | None] = None
    """Where people fill in tables: the fields that tell one fact from another of the same moment (docs/files.md). None:
    the first required name; empty: nothing does, so every row needs an id."""
    stretch: ClassVar[tuple[str, str] | None] = None
    """The fields with begin and end of what it is about: its source has reported for every day of that, however rarely
    it sends (docs/adr/0027-stretches.md). None: for the hour in which it happened."""
    personal_since: ClassVar[str | None] = None
    """The required time field that chooses the hashing key; None: the event's own time. The closing event of a case
    names the moment of its opening, so that both have the same pseudonyms although the key changed in between."""

    district: District | None = None


D = TypeVar("D", bound=Data)


class Envelope(BaseModel):
    """The attributes of a CloudEvents 1.0 object in the JSON format: all but its data."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: str
    time: Timestamp
    subject: Name | None = None
    datacontenttype: Literal["application/json"] | None = None
    dataschema: Annotated[str, Field(max_length=512)] | None = None
    sequence: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = None
    """Counts a source's events upwards, so that a gap shows a suspected loss (CloudEvents extension)."""
    recordedtime: Timestamp | None = None
    """When the departmental system had the fact (CloudEvents extension); KPI 1.1 runs from here."""
    clockless: Literal[True] | None = None
    """Set by the gateway: `time` is the gateway's, so exactly-once does not hold for this event."""
    supersedesid: Name | None = None
    """`id` of the event of the same source that this one replaces (CloudEvents extension) …"""
    supersedestime: Annotated[Timestamp | None, Field(validate_default=True)] = None
    """… and its `time`. Without data the event is a retraction: the superseded one counts no more."""

    @field_validator("supersedestime")
    @classmethod
    def _names_another_event(cls, moment: datetime | None, info: ValidationInfo) -> datetime | None:
        if "supersedesid" not in info.data or "time" not in info.data:
            return moment  # what is wrong with those is said already
        superseded = info.data["supersedesid"]
        if (superseded is None) != (moment is None):
            raise ValueError("supersedesid and supersedestime belong together: name the event by both")
        if superseded is not None and (superseded, moment) == (info.data.get("id"), info.data["time"]):
            raise ValueError("an event cannot supersede itself: give the correction an id of its own")
        return moment


class Event(Envelope, Generic[D]):
    """An event with typed data."""

    data: D


class Retraction(Envelope):
    """An event without data: the one it supersedes counts no more, and nothing takes its place."""

    supersedesid: Name
    data: None = None


def canonical(event: Event[Any] | Retraction) -> bytes:
    """The one byte form of an event: fixed field order, UTC, nothing absent spelled out.

    A redelivery with other white space, field order or zone has the same canonical bytes.
    """
    return event.model_dump_json(exclude_none=True).encode()
