"""Facts of the fire safety system of sites vulnerable to terrorism (annex 2, initiative 10): KPIs 10.1 to 10.5.

A call is any alarm that reaches the dispatcher from a site: of a sensor, a button or a telephone.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.ordered import Ordered


class _FireSafety(Ordered):
    system: ClassVar[str | None] = "fire-safety"
    event_class: ClassVar[EventClass] = "department"


class CallReceived(_FireSafety):
    """A fire call came in from a site, with the deadline for the crew's departure."""

    type_name: ClassVar[str] = "kz.ahual.fire-safety.call-received.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Өртке шақыру түсті",
        "ru": "Поступил пожарный вызов",
        "en": "Fire call received",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("received_at", "due_at"),)

    call: Name
    site: Name
    origin: Literal["sensor", "button", "phone"]
    received_at: Timestamp
    due_at: Timestamp
    repeat_of: Name | None = None
    """The earlier call to the same site that this one repeats."""

    @model_validator(mode="after")
    def _repeats_another(self) -> Self:
        if self.repeat_of == self.call:
            raise ValueError("repeat_of names the call itself: name the earlier call")
        return self


class CrewDeparted(_FireSafety):
    """A fire crew left its station for a call."""

    type_name: ClassVar[str] = "kz.ahual.fire-safety.crew-departed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Өрт сөндірушілер жолға шықты",
        "ru": "Пожарный расчёт выехал",
        "en": "Fire crew departed",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("received_at", "due_at"), ("received_at", "departed_at"))

    call: Name
    received_at: Timestamp
    due_at: Timestamp
    departed_at: Timestamp


class CallClosed(_FireSafety):
    """A call was closed: there was a fire or the danger of one, or it was a false alarm."""

    type_name: ClassVar[str] = "kz.ahual.fire-safety.call-closed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Өртке шақыру жабылды",
        "ru": "Пожарный вызов закрыт",
        "en": "Fire call closed",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("received_at", "closed_at"),)

    call: Name
    received_at: Timestamp
    closed_at: Timestamp
    outcome: Literal["confirmed", "false"]


class NotificationSent(_FireSafety):
    """People at a site, or services, were notified of a fire call; one event per notification."""

    type_name: ClassVar[str] = "kz.ahual.fire-safety.notification-sent.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Өрт туралы құлақтандыру жіберілді",
        "ru": "Отправлено оповещение о пожаре",
        "en": "Fire notification sent",
    }

    notification: Name
    call: Name
    channel: Literal["siren", "voice", "sms", "app"]
    sent_at: Timestamp
    by: Literal["system", "operator"]


TYPES: tuple[type[Data], ...] = (CallReceived, CrewDeparted, CallClosed, NotificationSent)
