"""Facts of the heat supply and its meters (annex 2, initiative 15). What they mean: `metering.py`."""

from __future__ import annotations

from typing import ClassVar

from schemas.events import metering
from schemas.events.envelope import Data


class ReadingAccepted(metering.ReadingAccepted):
    """A heat meter's reading was accepted for billing; 1 Gcal is 1,163,000 Wh."""

    system: ClassVar[str | None] = "heat"
    type_name: ClassVar[str] = "kz.ahual.heat.reading-accepted.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жылу есептегішінің көрсеткіші қабылданды",
        "ru": "Показание теплосчётчика принято",
        "en": "Heat reading accepted",
    }

    consumption_wh: metering.Consumption
    """Since the reading before, Wh."""


class OutageBegun(metering.OutageBegun):
    """Supply was interrupted somewhere in the network."""

    system: ClassVar[str | None] = "heat"
    type_name: ClassVar[str] = "kz.ahual.heat.outage-begun.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жылумен жабдықтау үзілді",
        "ru": "Теплоснабжение прервано",
        "en": "Heat outage begun",
    }


class SupplyRestored(metering.SupplyRestored):
    """An outage ended for everybody it had hit."""

    system: ClassVar[str | None] = "heat"
    type_name: ClassVar[str] = "kz.ahual.heat.supply-restored.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Жылумен жабдықтау қалпына келді",
        "ru": "Теплоснабжение восстановлено",
        "en": "Heat supply restored",
    }


TYPES: tuple[type[Data], ...] = (ReadingAccepted, OutageBegun, SupplyRestored)
