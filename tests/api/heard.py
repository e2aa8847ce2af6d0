"""Sources as the scorer would have heard them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.identity import Identity
from services.scorer import devices
from services.scorer.activity import Device, Observed


async def hear(
    engine: AsyncEngine, name: str, newest: datetime, *, every_s: float = 60, times: int = 8, **other: Any
) -> None:
    """`name` (`system/device` of karaganda) reported regularly, the last time at `newest`."""
    for i in reversed(range(times)):
        at = newest - timedelta(seconds=every_s * i)
        known = {
            "identity": Identity("karaganda", *name.split("/")),
            "events": 1,
            "newest": at,
            "first_arrival": at,
            "last_arrival": at,
            "drift_ms": None,
            "clockless": False,
            "sequences": [],
            "runs": {},
        }
        async with engine.begin() as connection:
            await devices.see(connection, Observed({}, [Device(**known | other)]), 0, at)  # type: ignore[arg-type]
