"""Facts of the emergency dispatch 112: calls for fire crews and ambulances, and major incidents (KPIs 1.11, 1.12).

No event carries a caller, a patient or an address.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.ordered import Ordered

Service = Literal["fire", "ambulance"]
IncidentKind = Literal["fire", "explosion", "traffic-accident", "utility-failure", "collapse", "flood", "other"]


class _Emergency(Ordered):
    system: ClassVar[str | None] = "emergency"
    event_class: ClassVar[EventClass] = "department"


class CallReceived(_Emergency):
    """A call came in that a fire crew or an ambulance has to answer; one event per service called for."""

    type_name: ClassVar[str] = "kz.ahual.emergency.call-received.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жедел қызметке шақыру түсті",
        "ru": "Поступил экстренный вызов",
        "en": "Emergency call received",
    }

    call: Name
    service: Service
    received_at: Timestamp


class CrewArrived(_Emergency):
    """The first crew of the service reached the place of a call."""

    type_name: ClassVar[str] = "kz.ahual.emergency.crew-arrived.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Экипаж оқиға орнына келді",
        "ru": "Экипаж прибыл на место",
        "en": "Crew arrived",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("received_at", "arrived_at"),)

    call: Name
    service: Service
    received_at: Timestamp
    arrived_at: Timestamp


class IncidentRegistered(_Emergency):
    """A fire, an accident or another incident was entered in the incident base."""

    type_name: ClassVar[str] = "kz.ahual.emergency.incident-registered.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Төтенше оқиға тіркелді",
        "ru": "Зарегистрировано происшествие",
        "en": "Incident registered",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("happened_at", "registered_at"),)

    incident: Name
    kind: IncidentKind
    scale: Literal["ordinary", "major"]
    """As the incident base classes it; a class changed later is a correction of this event."""
    happened_at: Timestamp
    registered_at: Timestamp


TYPES: tuple[type[Data], ...] = (CallReceived, CrewArrived, IncidentRegistered)
