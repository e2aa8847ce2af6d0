"""Facts of the police: crimes by their gravity (KPI 1.13).

No event says who did it, to whom, or where beyond the district.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.events.envelope import Data, EventClass, Name, Timestamp

Gravity = Literal["minor", "medium", "serious", "especially-serious"]
"""The four gravities of a crime in the Criminal Code, article 11."""


class CrimeRegistered(Data):
    """A crime was entered in the register of pre-trial investigations; requalified later, it is a correction."""

    type_name: ClassVar[str] = "kz.ahual.public-safety.crime-registered.v1"
    system: ClassVar[str | None] = "public-safety"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Қылмыс тіркелді",
        "ru": "Зарегистрировано преступление",
        "en": "Crime registered",
    }

    crime: Name
    """Number in the register."""
    gravity: Gravity
    registered_at: Timestamp


TYPES: tuple[type[Data], ...] = (CrimeRegistered,)
