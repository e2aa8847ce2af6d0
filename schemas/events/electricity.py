"""Facts of the electricity supply and its meters (annex 2, initiative 13). What they mean: `metering.py`."""

from __future__ import annotations

from typing import ClassVar

from schemas.events import metering
from schemas.events.envelope import Data


class ReadingAccepted(metering.ReadingAccepted):
    """An electricity meter's reading was accepted for billing."""

    system: ClassVar[str | None] = "electricity"
    type_name: ClassVar[str] = "kz.ahual.electricity.reading-accepted.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Электр есептегішінің көрсеткіші қабылданды",
        "ru": "Показание электросчётчика принято",
        "en": "Electricity reading accepted",
    }

    consumption_wh: metering.Consumption
    """Since the reading before, Wh."""


class OutageBegun(metering.OutageBegun):
    """Supply was interrupted somewhere in the network."""

    system: ClassVar[str | None] = "electricity"
    type_name: ClassVar[str] = "kz.ahual.electricity.outage-begun.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Электрмен жабдықтау үзілді",
        "ru": "Электроснабжение прервано",
        "en": "Electricity outage begun",
    }


class SupplyRestored(metering.SupplyRestored):
    """An outage ended for everybody it had hit."""

    system: ClassVar[str | None] = "electricity"
    type_name: ClassVar[str] = "kz.ahual.electricity.supply-restored.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Электрмен жабдықтау қалпына келді",
        "ru": "Электроснабжение восстановлено",
        "en": "Electricity supply restored",
    }


TYPES: tuple[type[Data], ...] = (ReadingAccepted, OutageBegun, SupplyRestored)
