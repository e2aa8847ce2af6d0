"""Closed values as the scorer stores them, for tests of the export."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.ext.asyncio import AsyncConnection

from schemas import tables
from schemas.catalogue import Category, Period
from services.export.rows import CityRow, Closed

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CITY: Final = CityRow("karaganda", Category.REGIONAL)
DAY: Final = Closed(
    Period.DAY, "2026-10-31", datetime(2026, 10, 30, 19, tzinfo=UTC), datetime(2026, 10, 31, 19, tzinfo=UTC)
)
CLOSED_AT: Final = DAY.end + timedelta(minutes=5)
LATER: Final = DAY.end + timedelta(hours=2)


def value(kpi: str, number: float | None, revision: int = 1, at: datetime = CLOSED_AT, **other: Any) -> dict[str, Any]:
    """A row of `closed_period`."""
    row = {
        "city": CITY.code,
        "kpi": kpi,
        "period": DAY.period.value,
        "name": DAY.name,
        "begin": DAY.begin,
        "end": DAY.end,
        "revision": revision,
        "value": number,
        "parts": None,
        "numerator": None if number is None else 1,
        "denominator": 1,
        "events": 1,
        "attainment": None if number is None else 1.0,
        "target": {"op": "<=", "value": 20.0},
        "weight": 10,
        "freshness": "missing" if number is None else "fresh",
        "newest": None,
        "coverage": 1.0,
        "catalogue_hash": "0" * 64,
        "computed_at": at,
        "difference": None,
    }
    return {**row, **other}


async def store(connection: AsyncConnection, *rows: dict[str, Any]) -> None:
    """Put them there, as one commit of the scorer."""
    await connection.execute(sa.insert(tables.closed_period), list(rows))
    await connection.commit()
