"""Which delivery still has to go where. A way that is away is tried again in the next pass; the others go on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.catalogue import Period
from services.export import folder, senders
from services.export.deliveries import require_whole
from services.export.errors import DamagedError, WayError
from services.export.ways import Way

log = logging.getLogger(__name__)
AT_ONCE: Final = 500
"""Deliveries of one way in one pass."""
_WAITING: Final = sa.text("""
    SELECT d.kind, d.city, d.period, d."end", d.revision, d.name FROM delivery d
    LEFT JOIN delivery_sent s
      ON (s.kind, s.city, s.period, s."end", s.revision, s.way) = (d.kind, d.city, d.period, d."end", d.revision, :way)
    WHERE s.sent_at IS NULL AND d."end" > :since AND d.kind = ANY(:kinds)
    ORDER BY d."end", d.city, d.period, d.kind DESC, d.revision LIMIT :limit
""").bindparams(sa.bindparam("kinds", type_=ARRAY(sa.Text())))
_NOTE: Final = sa.text("""
    INSERT INTO delivery_sent AS s (kind, city, period, "end", revision, way, sent_at, attempts, failed_at, failure)
    VALUES (:kind, :city, :period, :end, :revision, :way, :sent_at, 1, :failed_at, :failure)
    ON CONFLICT (kind, city, period, "end", revision, way) DO UPDATE SET sent_at = excluded.sent_at,
      attempts = s.attempts + 1, failed_at = coalesce(excluded.failed_at, s.failed_at), failure = excluded.failure
""")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a pass over one way."""

    way: str
    sent: int
    failure: str | None
    """Why it stopped, if it did."""


async def send_waiting(engine: AsyncEngine, root: Path, ways: Sequence[Way], now: datetime) -> list[Outcome]:
    """Send what waits, way by way, oldest first."""
    return [await _over(engine, root, way, now) for way in ways]


async def _over(engine: AsyncEngine, root: Path, way: Way, now: datetime) -> Outcome:
    since = datetime.combine(way.since or date(1980, 1, 1), time(), UTC)
    sent = 0
    async with engine.connect() as connection:
        query = {"way": way.name, "kinds": list(way.kinds), "since": since, "limit": AT_ONCE}
        waiting = (await connection.execute(_WAITING, query)).all()
        await connection.commit()
        for row in waiting:
            failure = await _send(way, root, row)
            await _note(connection, way.name, row, now, failure)
            if failure is not None:
                log.warning("delivery not sent", extra={"way": way.name, "delivery": row.name, "reason": failure})
                return Outcome(way.name, sent, failure)
            sent += 1
    return Outcome(way.name, sent, None)


async def _send(way: Way, root: Path, row: Any) -> str | None:
    place = folder.place(root, row.city, Period(row.period), row.name, row.revision, row.kind)
    try:
        require_whole(place, folder.read_manifest(place))  # what is damaged must not go out
        await senders.send(way, place, PurePosixPath(place.relative_to(root)))
    except (WayError, DamagedError) as error:
        return str(error.params.get("problem") or error.params.get("problems"))
    return None


async def _note(connection: AsyncConnection, way: str, row: Any, now: datetime, failure: str | None) -> None:
    key = {
        "kind": row.kind,
        "city": row.city,
        "period": row.period,
        "end": row.end,
        "revision": row.revision,
        "way": way,
    }
    outcome = {"sent_at": None if failure else now, "failed_at": now if failure else None, "failure": failure}
    await connection.execute(_NOTE, {**key, **outcome})
    await connection.commit()
