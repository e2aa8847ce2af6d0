"""Facts of the greenery monitoring (annex 2, initiative 11): trees planted, and how many of them took root.

They feed KPIs 11.2 and 11.3 of annex 4; green and irrigated areas are dated totals (`reference.py`).
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp

Trees = Annotated[int, Field(ge=1, le=1_000_000)]
"""Trees of one planting; a larger one is stated in parts."""


class _Greenery(Data):
    system: ClassVar[str | None] = "greenery"
    event_class: ClassVar[EventClass] = "department"

    planting: Name
    """Trees planted together: a street, a yard, a park's section."""
    trees: Trees
    """How many were planted."""
    planted_at: Timestamp


class TreesPlanted(_Greenery):
    """Trees were planted together and taken over by the city."""

    type_name: ClassVar[str] = "kz.ahual.greenery.trees-planted.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Ағаштар отырғызылды", "ru": "Деревья высажены", "en": "Trees planted"}


class PlantingChecked(_Greenery):
    """The check that falls due a year after planting: how many of its trees live. Stated once per planting."""

    type_name: ClassVar[str] = "kz.ahual.greenery.planting-checked.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Екпелердің аман қалуы тексерілді",
        "ru": "Приживаемость посадки проверена",
        "en": "Survival of a planting checked",
    }

    surviving: Annotated[int, Field(ge=0)]
    checked_at: Timestamp

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.surviving > self.trees:
            raise ValueError("surviving is more than the trees that were planted")
        if self.checked_at < self.planted_at:
            raise ValueError("checked_at lies before planted_at")
        return self


TYPES: tuple[type[Data], ...] = (TreesPlanted, PlantingChecked)
