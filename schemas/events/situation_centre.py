"""Facts about the situational centre itself (annex 2, initiative 1): its public page (KPI 1.2), its incidents (1.7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.ordered import Ordered

LONGEST_PROBE = timedelta(minutes=10)
"""A probe speaks for the time since the one before, for no longer than this."""


class PageProbed(Data):
    """An observer outside asked for the public page; the answer stands for the time since its probe before.

    The stretches of one observer must not overlap.
    """

    type_name: ClassVar[str] = "kz.ahual.situation-centre.page-probed.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ()
    system: ClassVar[str | None] = "situation-centre"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жария бет тексерілді",
        "ru": "Публичная страница проверена",
        "en": "Public page probed",
    }

    begun_at: Timestamp
    """Begin of the stretch the probe speaks for."""
    ended_at: Timestamp
    good: bool
    """The page answered, completely and in time."""
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    """HTTP status; absent when there was no answer."""
    answered_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None

    @model_validator(mode="after")
    def _one_stretch(self) -> Self:
        if not timedelta(0) < self.ended_at - self.begun_at <= LONGEST_PROBE:
            raise ValueError("ended_at lies after begun_at, at most 10 minutes")
        return self


class IncidentRegistered(Data):
    """An incident was opened in the centre, from whatever system it came."""

    type_name: ClassVar[str] = "kz.ahual.situation-centre.incident-registered.v1"
    system: ClassVar[str | None] = "situation-centre"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Орталықта инцидент ашылды",
        "ru": "В центре открыт инцидент",
        "en": "Incident opened in the centre",
    }

    incident: Name
    origin: Name
    """The system it came from."""
    registered_at: Timestamp


class IncidentHandled(Ordered):
    """An incident was handled: passed on, answered or closed; by the system alone, or by an operator."""

    type_name: ClassVar[str] = "kz.ahual.situation-centre.incident-handled.v1"
    system: ClassVar[str | None] = "situation-centre"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Орталықта инцидент өңделді",
        "ru": "Инцидент в центре обработан",
        "en": "Incident handled in the centre",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("registered_at", "handled_at"),)

    incident: Name
    registered_at: Timestamp
    handled_at: Timestamp
    by: Literal["system", "operator"]


TYPES: tuple[type[Data], ...] = (PageProbed, IncidentRegistered, IncidentHandled)
