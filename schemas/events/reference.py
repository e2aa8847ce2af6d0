"""Dated totals: reference bases (residents, vehicles, road length) and inventories (smart stops, meters, cameras).

One type for all systems, so that a city can add a total without a new contract. A total holds from `as_of` until the
same source states it again, or until `until`; the city's value is the sum over its sources and districts.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Timestamp

TotalName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]


class TotalReported(Data):
    """How much there was of something on a day: residents, metres of road, stops with Wi-Fi."""

    type_name: ClassVar[str] = "kz.ahual.reference.total-reported.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("name", "district")
    system: ClassVar[str | None] = None
    event_class: ClassVar[EventClass] = "department"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жиынтық мән хабарланды",
        "ru": "Сообщён итог на дату",
        "en": "Total reported",
    }

    name: TotalName
    """What is counted; docs/events.md lists the names that the catalogue reads, with their units."""
    total: Annotated[int, Field(ge=0, le=10**15)]
    as_of: Timestamp
    """From when it holds."""
    until: Timestamp | None = None
    """When it ceases to hold: a total that was taken back, a source that is replaced by another."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until is not None and self.until <= self.as_of:
            raise ValueError("until does not lie after as_of")
        return self


TYPES: tuple[type[Data], ...] = (TotalReported,)
