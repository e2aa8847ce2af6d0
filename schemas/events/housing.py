"""Facts of the housing department: jobs on roads, street lights and refuse (KPIs 1.14, 1.15, 1.18)."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events.envelope import Data, EventClass, Name, Timestamp
from schemas.events.ordered import Ordered

JobKind = Literal[
    "road-repair",
    "street-lighting",
    "refuse-collection",
    "violation-removal",
    "yard",
    "lift",
    "building-repair",
    "other",
]
"""`violation-removal`: an unauthorised dump, littered ground or another breach of cleanliness is put right."""


class _Housing(Ordered):
    system: ClassVar[str | None] = "housing"
    event_class: ClassVar[EventClass] = "department"


class JobOrdered(_Housing):
    """A job was ordered, by a resident's request or by an inspection, with the date its norm term ends."""

    type_name: ClassVar[str] = "kz.ahual.housing.job-ordered.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жұмысқа тапсырыс берілді",
        "ru": "Работа заказана",
        "en": "Job ordered",
    }
    order: ClassVar[tuple[tuple[str, str], ...]] = (("ordered_at", "due_at"),)

    job: Name
    kind: JobKind
    ordered_at: Timestamp
    due_at: Timestamp
    request: Name | None = None
    """The request to the contact centre that led to it."""


class JobDone(_Housing):
    """A job was accepted as done."""

    type_name: ClassVar[str] = "kz.ahual.housing.job-done.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Жұмыс орындалды", "ru": "Работа выполнена", "en": "Job done"}
    order: ClassVar[tuple[tuple[str, str], ...]] = (("ordered_at", "due_at"), ("ordered_at", "done_at"))

    job: Name
    kind: JobKind
    ordered_at: Timestamp
    due_at: Timestamp
    done_at: Timestamp


TYPES: tuple[type[Data], ...] = (JobOrdered, JobDone)
