"""Facts of the education department: who was at school (they keep KPI 1.4's fourth category fresh)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp

Pupils = Annotated[int, Field(ge=0, le=100_000)]


class AttendanceReported(Data):
    """A school, kindergarten or college stated how many of its pupils were there; numbers only, no child."""

    type_name: ClassVar[str] = "kz.ahual.education.attendance-reported.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("institution", "level")
    system: ClassVar[str | None] = "education"
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Сабаққа қатысу хабарланды",
        "ru": "Сообщена посещаемость",
        "en": "Attendance reported",
    }

    institution: Name
    level: Literal["kindergarten", "school", "college"]
    counted_at: Timestamp
    enrolled: Pupils
    present: Pupils

    @model_validator(mode="after")
    def _not_more_than_enrolled(self) -> Self:
        if self.present > self.enrolled:
            raise ValueError("present lies above enrolled")
        return self


TYPES: tuple[type[Data], ...] = (AttendanceReported,)
