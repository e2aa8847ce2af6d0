"""Facts of the gas supply and its meters (annex 2, initiative 16). What they mean: `metering.py`."""

from __future__ import annotations

from typing import ClassVar

from schemas.events import metering
from schemas.events.envelope import Data


class ReadingAccepted(metering.ReadingAccepted):
    """A gas meter's reading was accepted for billing, in litres at the contract's reference conditions."""

    system: ClassVar[str | None] = "gas"
    type_name: ClassVar[str] = "kz.ahual.gas.reading-accepted.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Газ есептегішінің көрсеткіші қабылданды",
        "ru": "Показание газового счётчика принято",
        "en": "Gas reading accepted",
    }

    consumption_l: metering.Consumption
    """Since the reading before, litres."""


class OutageBegun(metering.OutageBegun):
    """Supply was interrupted somewhere in the network."""

    system: ClassVar[str | None] = "gas"
    type_name: ClassVar[str] = "kz.ahual.gas.outage-begun.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Газбен жабдықтау үзілді",
        "ru": "Газоснабжение прервано",
        "en": "Gas outage begun",
    }


class SupplyRestored(metering.SupplyRestored):
    """An outage ended for everybody it had hit."""

    system: ClassVar[str | None] = "gas"
    type_name: ClassVar[str] = "kz.ahual.gas.supply-restored.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Газбен жабдықтау қалпына келді",
        "ru": "Газоснабжение восстановлено",
        "en": "Gas supply restored",
    }


TYPES: tuple[type[Data], ...] = (ReadingAccepted, OutageBegun, SupplyRestored)
