"""Facts of the contact centre 109+ (annex 2, initiative 2): calls, requests and what callers thought of them.

They feed KPIs 1.8, 1.9, 1.10 and 2.1 to 2.7 of annex 4. No event carries a caller's name, number or words.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp

RequestKind = Literal["incident", "inquiry", "proposal", "complaint"]
ContactChannel = Literal["phone", "app", "web", "messenger", "visit"]


class _ContactCentre(Data):
    system: ClassVar[str | None] = "contact-centre"
    event_class: ClassVar[EventClass] = "department"


class CallAnswered(_ContactCentre):
    """An operator took a waiting call."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.call-answered.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Қоңырауға жауап берілді", "ru": "Звонок принят", "en": "Call answered"}

    call: Name
    queue: Name
    queued_at: Timestamp
    answered_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.answered_at < self.queued_at:
            raise ValueError("answered_at lies before queued_at")
        return self


class CallAbandoned(_ContactCentre):
    """A caller hung up before an operator answered."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.call-abandoned.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Қоңырау жауапсыз үзілді",
        "ru": "Звонок потерян",
        "en": "Call abandoned",
    }

    call: Name
    queue: Name
    queued_at: Timestamp
    abandoned_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.abandoned_at < self.queued_at:
            raise ValueError("abandoned_at lies before queued_at")
        return self


class RequestRegistered(_ContactCentre):
    """A resident's request was registered, with the date its norm term ends."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.request-registered.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Өтініш тіркелді",
        "ru": "Обращение зарегистрировано",
        "en": "Request registered",
    }

    request: Name
    kind: RequestKind
    category: Name
    channel: ContactChannel
    registered_at: Timestamp
    due_at: Timestamp
    repeat_of: Name | None = None
    """The earlier request that this one repeats."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.due_at < self.registered_at:
            raise ValueError("due_at lies before registered_at")
        return self


class RequestForwarded(_ContactCentre):
    """A request was handed to a specialised service."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.request-forwarded.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("request", "attempt")
    title: ClassVar[dict[str, str]] = {
        "kk": "Өтініш бейінді қызметке берілді",
        "ru": "Обращение передано в службу",
        "en": "Request forwarded",
    }

    request: Name
    registered_at: Timestamp
    forwarded_at: Timestamp
    due_at: Timestamp
    service: Name
    attempt: Annotated[int, Field(ge=1, le=1000)]
    """1 for the first hand-over of this request."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.forwarded_at < self.registered_at:
            raise ValueError("forwarded_at lies before registered_at")
        return self


class RequestResolved(_ContactCentre):
    """A request was closed as resolved."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.request-resolved.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Өтініш шешілді", "ru": "Обращение решено", "en": "Request resolved"}

    request: Name
    kind: RequestKind
    registered_at: Timestamp
    resolved_at: Timestamp
    due_at: Timestamp
    first_contact: bool
    """Resolved in the first contact, with no second call and no hand-over."""
    service: Name | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.resolved_at < self.registered_at:
            raise ValueError("resolved_at lies before registered_at")
        return self


class SurveyAnswered(_ContactCentre):
    """A resident rated the service: of 5 after a request was closed, of 10 for the centre as a whole."""

    type_name: ClassVar[str] = "kz.ahual.contact-centre.survey-answered.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ()
    title: ClassVar[dict[str, str]] = {"kk": "Сауалнамаға жауап", "ru": "Ответ на опрос", "en": "Survey answered"}

    survey: Literal["request_closed", "service"]
    score: Annotated[int, Field(ge=1, le=10)]
    scale: Literal[5, 10]
    answered_at: Timestamp
    request: Name | None = None

    @model_validator(mode="after")
    def _on_its_scale(self) -> Self:
        if self.scale != (5 if self.survey == "request_closed" else 10):
            raise ValueError("request_closed is rated out of 5, service out of 10")
        if self.score > self.scale:
            raise ValueError("score lies above its scale")
        return self


TYPES: tuple[type[Data], ...] = (
    CallAnswered,
    CallAbandoned,
    RequestRegistered,
    RequestForwarded,
    RequestResolved,
    SurveyAnswered,
)
