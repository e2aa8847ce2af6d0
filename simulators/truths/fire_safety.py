"""Annex 4, table 10."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.surveys import satisfaction

_FIRE: Final = ("fire-safety",)
_RECEIVED: Final = "fire-safety.call-received"
_DEPARTED: Final = "fire-safety.crew-departed"
_CLOSED: Final = "fire-safety.call-closed"
_NOTIFIED: Final = "fire-safety.notification-sent"

KPIS: Final[Mapping[str, Kpi]] = {
    "10.1": Kpi(
        shape="mean",
        numerator=(Added(_DEPARTED, amount=lambda e: e.at("departed_at") - e.at("received_at")),),
        scale=60_000,
        sources=_FIRE,
    ),
    "10.2": Kpi(
        shape="share",
        cohort=True,
        numerator=(Added(_DEPARTED, when=lambda e: e.at("departed_at") <= e.at("due_at"), at="due_at"),),
        denominator=(Added(_RECEIVED, at="due_at"),),
        sources=_FIRE,
    ),
    "10.3": Kpi(
        shape="share",
        numerator=(Added(_CLOSED, when=lambda e: bool(e.data["outcome"] == "false")),),
        denominator=(Added(_CLOSED),),
        sources=_FIRE,
    ),
    "10.4": Kpi(
        shape="share",
        numerator=(Added(_NOTIFIED, when=lambda e: bool(e.data["by"] == "system")),),
        denominator=(Added(_NOTIFIED),),
        sources=_FIRE,
    ),
    "10.5": Kpi(
        shape="share",
        numerator=(Added(_RECEIVED, when=lambda e: e.data.get("repeat_of") is not None),),
        denominator=(Added(_RECEIVED),),
        sources=_FIRE,
    ),
    "10.6": Kpi(
        shape="latest",
        numerator=(stated("vulnerable_sites_with_sensors"),),
        base=(stated("vulnerable_sites"),),
        scale=PERCENT,
        sources=_FIRE,
    ),
    "10.7": satisfaction("fire_safety", "fire-safety"),
}
