"""Keeping the device registry in memory: all of it at the start, then what has changed, every few seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.device import Device
from schemas.tables import registered_device
from services.ingest.registry import DeviceRegistry
from services.runtime.database import DATABASE_ERRORS

log = logging.getLogger(__name__)
OVERLAP: Final = timedelta(minutes=1)
"""A change is stamped when its transaction begins, and seen when it has committed."""
RETRY_S: Final = 1.0
_COLUMNS: Final = [column for column in registered_device.c if column.name != "changed_at"]


class RegistryReader:
    """Fills a registry; an outage of the database keeps what is there."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._newest: datetime | None = None
        self._seen: dict[tuple[str, str, str], datetime] = {}
        self.registry = DeviceRegistry()

    async def load(self) -> None:
        """Read everything, however long the database takes to answer: without it no pack can be judged."""
        while True:
            try:
                return await self.refresh()
            except DATABASE_ERRORS as error:
                log.warning("device registry not read yet", extra={"reason": repr(error)})
                await asyncio.sleep(RETRY_S)

    async def refresh(self) -> None:
        """Take over what has changed since the last time."""
        query = sa.select(registered_device)
        if self._newest is not None:
            query = query.where(registered_device.c.changed_at > self._newest - OVERLAP)
        async with self._engine.connect() as connection:
            rows = (await connection.execute(query)).all()
        self._take(rows)

    def _take(self, rows: Sequence[Any]) -> None:
        fresh = [row for row in rows if self._seen.get((row.city, row.system, row.device)) != row.changed_at]
        for row in fresh:
            try:
                self.registry.put([device_of(row)])
            except ValidationError as error:
                log.error(
                    "device left out: its entry is wrong",
                    extra={"reason": f"{row.city}/{row.system}/{row.device}: {error.errors()[0]['msg']}"},
                )
            self._seen[row.city, row.system, row.device] = row.changed_at
            self._newest = max(self._newest or row.changed_at, row.changed_at)

    async def keep_fresh(self, every_s: float) -> None:
        """Refresh until cancelled; an outage is logged once."""
        away = False
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.refresh()
                away = False
            except DATABASE_ERRORS as error:
                if not away:
                    log.warning("device registry not refreshed", extra={"reason": repr(error)})
                away = True


def device_of(row: Any) -> Device:
    """A row of the table; ValidationError when it was not written by the command."""
    return Device.model_validate({column.name: getattr(row, column.name) for column in _COLUMNS})
