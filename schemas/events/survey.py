"""Residents' answers to surveys: how they rate what a system does, of 10 points (annex 4, tables 3 to 16).

One type for all systems. The contact centre's own surveys (KPIs 1.10 and 2.3) have a type of their own, because one of
them is of 5 points.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.events.envelope import Data, EventClass, Timestamp

Subject = Literal[
    "settlement",
    "transport",
    "parking",
    "traffic",
    "roads",
    "stops",
    "fire_safety",
    "greenery",
    "waste",
    "electricity",
    "water",
    "heat",
    "gas",
]


class SurveyAnswered(Data):
    """A resident rated what a system does, from 1 to 10. No event carries who it was, or words."""

    type_name: ClassVar[str] = "kz.ahual.reference.survey-answered.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ()
    system: ClassVar[str | None] = None
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Қанағаттану сауалнамасына жауап",
        "ru": "Ответ на опрос об удовлетворённости",
        "en": "Satisfaction survey answered",
    }

    survey: Subject
    """What was asked about."""
    score: Annotated[int, Field(ge=1, le=10)]
    answered_at: Timestamp


TYPES: tuple[type[Data], ...] = (SurveyAnswered,)
