"""Facts of the municipal solid waste system (annex 2, initiative 12): containers and weighed loads.

They feed KPIs 1.19, 12.1, 12.2 and 12.5 of annex 4; container sites are dated totals (`reference.py`). Masses are those
of the weighbridge, net, in kilograms. No event carries a lorry's plate.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from schemas.events.envelope import Data, EventClass, Name, Timestamp

Collection = Literal["separate", "mixed"]
"""How residents handed the waste over: by kind, or everything in one container."""
Fraction = Literal["mixed", "paper", "plastic", "glass", "metal", "organic", "textile", "electronic", "hazardous"]
Use = Literal["recycled", "composted", "energy"]
"""What becomes of accepted waste: material again, compost, or fuel, heat and electricity."""


def _fill_level(percent: int) -> int:
    if not 0 <= percent <= 100:
        raise ValueError("a container is between 0 and 100 % full: check the sensor")
    return percent


FillLevel = Annotated[int, AfterValidator(_fill_level)]
"""Percent of a container's volume."""
Load = Annotated[int, Field(ge=1, le=100_000)]
"""Net mass of one weighing, kg."""


class _Waste(Data):
    system: ClassVar[str | None] = "waste"
    event_class: ClassVar[EventClass] = "department"


class ContainerFilled(_Waste):
    """A container reached the level from which it is to be emptied."""

    type_name: ClassVar[str] = "kz.ahual.waste.container-filled.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("site", "container")
    title: ClassVar[dict[str, str]] = {"kk": "Контейнер толды", "ru": "Контейнер заполнен", "en": "Container filled"}

    site: Name
    container: Name
    filled_at: Timestamp
    level_percent: FillLevel


class ContainerEmptied(_Waste):
    """A container was emptied; `filled_at` is left out where it had not been full."""

    type_name: ClassVar[str] = "kz.ahual.waste.container-emptied.v1"
    row_key: ClassVar[tuple[str, ...] | None] = ("site", "container")
    title: ClassVar[dict[str, str]] = {
        "kk": "Контейнер босатылды",
        "ru": "Контейнер опорожнён",
        "en": "Container emptied",
    }

    site: Name
    container: Name
    filled_at: Timestamp | None = None
    """When it had filled up, as in its `container-filled`."""
    emptied_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.filled_at is not None and self.emptied_at < self.filled_at:
            raise ValueError("emptied_at lies before filled_at")
        return self


class LoadWeighed(_Waste):
    """A load of collected waste was weighed, once: where it first enters a station, sorting plant or landfill."""

    type_name: ClassVar[str] = "kz.ahual.waste.load-weighed.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жиналған қалдық өлшенді",
        "ru": "Собранные отходы взвешены",
        "en": "Collected waste weighed",
    }

    load: Name
    collection: Collection
    fraction: Fraction
    mass_kg: Load
    weighed_at: Timestamp

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if (self.collection == "mixed") != (self.fraction == "mixed"):
            raise ValueError("mixed collection has the fraction mixed, separate collection one of the others")
        return self


class LoadAccepted(_Waste):
    """A plant confirmed that it took a load in to make use of it; what is landfilled is never stated."""

    type_name: ClassVar[str] = "kz.ahual.waste.load-accepted.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Қалдық кәдеге жаратуға қабылданды",
        "ru": "Отходы приняты на утилизацию",
        "en": "Waste accepted for recovery",
    }

    load: Name
    plant: Name
    use: Use
    mass_kg: Load
    accepted_at: Timestamp


TYPES: tuple[type[Data], ...] = (ContainerFilled, ContainerEmptied, LoadWeighed, LoadAccepted)
