"""Facts of the road quality monitoring system (annex 2, initiative 7): defects found and repaired.

They feed KPIs 7.2 and 7.3 (annex 4, table 7); lengths of road are dated totals, in metres.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Data, EventClass, Name, Timestamp

DefectKind = Literal["pothole", "rut", "crack", "subsidence", "marking", "drainage", "other"]


class _Roads(Data):
    system: ClassVar[str | None] = "roads"
    event_class: ClassVar[EventClass] = "department"

    defect: Name
    road: Name
    kind: DefectKind
    found_at: Timestamp


class DefectFound(_Roads):
    """A defect of a road was found, for the first time."""

    type_name: ClassVar[str] = "kz.ahual.roads.defect-found.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Жол ақауы анықталды", "ru": "Дефект дороги выявлен", "en": "Defect found"}

    found_by: Literal["sensor", "inspection", "request"]


class DefectRepaired(_Roads):
    """A defect that was found is repaired."""

    type_name: ClassVar[str] = "kz.ahual.roads.defect-repaired.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жол ақауы жөнделді",
        "ru": "Дефект дороги устранён",
        "en": "Defect repaired",
    }

    repaired_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "found_at", "repaired_at")
        return self


TYPES: tuple[type[Data], ...] = (DefectFound, DefectRepaired)
