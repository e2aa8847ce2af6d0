"""What the API needs of today's state beyond stored scores. Services do not import each other, so whoever starts the
API hands it in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.catalogue import Catalogue
from schemas.snapshot import PastClosedSnapshot, PastSnapshot
from schemas.windows import KpiWindow


class Recomputing(Protocol):
    """Reads the additive state; the city is a registered one, the KPI one of the catalogue that is bound."""

    async def windows(self, city: str, code: str, now: datetime) -> list[KpiWindow]:
        """Every trailing window, running period and last closed period of a KPI."""

    async def live(self, city: str, instants: Sequence[datetime], now: datetime) -> list[PastSnapshot]:
        """The live scores of past instants, as the state tells them now."""

    async def closed(self, city: str, at: datetime, now: datetime) -> PastClosedSnapshot:
        """The closed score of a past instant, by the newest revisions."""

    async def yearly(self, city: str, year: int) -> tuple[str, dict[str, Any]]:
        """Hash and evaluation of a year, by the newest revisions."""


MakeRecomputing = Callable[[AsyncEngine, Catalogue], Recomputing]
