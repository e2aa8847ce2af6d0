"""Facts of the water supply and its meters (annex 2, initiative 14). What they mean: `metering.py`."""

from __future__ import annotations

from typing import ClassVar

from schemas.events import metering
from schemas.events.envelope import Data


class ReadingAccepted(metering.ReadingAccepted):
    """A water meter's reading was accepted for billing."""

    system: ClassVar[str | None] = "water"
    type_name: ClassVar[str] = "kz.ahual.water.reading-accepted.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Су есептегішінің көрсеткіші қабылданды",
        "ru": "Показание водосчётчика принято",
        "en": "Water reading accepted",
    }

    consumption_l: metering.Consumption
    """Since the reading before, litres."""


class OutageBegun(metering.OutageBegun):
    """Supply was interrupted somewhere in the network."""

    system: ClassVar[str | None] = "water"
    type_name: ClassVar[str] = "kz.ahual.water.outage-begun.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Сумен жабдықтау үзілді",
        "ru": "Водоснабжение прервано",
        "en": "Water outage begun",
    }


class SupplyRestored(metering.SupplyRestored):
    """An outage ended for everybody it had hit."""

    system: ClassVar[str | None] = "water"
    type_name: ClassVar[str] = "kz.ahual.water.supply-restored.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Сумен жабдықтау қалпына келді",
        "ru": "Водоснабжение восстановлено",
        "en": "Water supply restored",
    }


TYPES: tuple[type[Data], ...] = (ReadingAccepted, OutageBegun, SupplyRestored)
