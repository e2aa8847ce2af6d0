"""Scores of past instants: as they were stored by then, or as today's state tells them now."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import Query

from schemas.snapshot import Known
from schemas.tables import cityscore_closed, cityscore_current, cityscores
from services.api.cities import require_city
from services.api.errors import AsOfError, NoScoreThenError
from services.api.moments import Moment
from services.api.state import State

AsOf = Annotated[Moment | None, Query(description="A past instant, with zone")]
KnownQuery = Annotated[
    Known | None,
    Query(description="With `as_of`: as it was known `then` (default), or recomputed from what is known `now`"),
]


def _newest(table: sa.Table, granule: str) -> sa.Select[tuple[Any, ...]]:
    columns = table.c
    return (
        sa.select(columns.computed_at, sa.literal(granule).label("granule"), columns.snapshot)
        .where(columns.city == sa.bindparam("city"), columns.computed_at <= sa.bindparam("as_of"))
        .order_by(columns.computed_at.desc())
        .limit(1)
    )


# Minutes stand before hours and days, so that the finest name is given to a row that stands in several.
_NAMES: Final = {"minute": "1 minute", "hour": "2 hour", "day": "3 day"}
_STORED: Final = sa.union_all(
    _newest(cityscore_current, _NAMES["minute"]).subquery().select(),
    *(_newest(table, _NAMES[tier]).subquery().select() for tier, table in cityscores.items()),
)
_LIVE: Final = _STORED.order_by(sa.desc("computed_at"), "granule").limit(1)
_CLOSED: Final = _newest(cityscore_closed, "")


async def live_at(state: State, city: str, as_of: datetime, known: Known | None) -> dict[str, Any]:
    """A PastSnapshot as JSON. Raises UnknownCityError, NoScoreThenError or AsOfError."""
    now = await _past(state, city, as_of)
    if known == "now":
        (past,) = await state.recomputing.live(city, [as_of], now)
        return past.model_dump(mode="json")
    async with state.engine.connect() as connection:
        row = (await connection.execute(_LIVE, {"city": city, "as_of": as_of})).one_or_none()
    if row is None:
        raise NoScoreThenError(city=city, as_of=as_of.isoformat())
    return {**row.snapshot, "as_of": as_of.isoformat(), "known": "then", "granule": row.granule[2:]}


async def closed_at(state: State, city: str, as_of: datetime, known: Known | None) -> dict[str, Any]:
    """A PastClosedSnapshot as JSON. Raises UnknownCityError, NoScoreThenError or AsOfError."""
    now = await _past(state, city, as_of)
    if known == "now":
        return (await state.recomputing.closed(city, as_of, now)).model_dump(mode="json")
    async with state.engine.connect() as connection:
        row = (await connection.execute(_CLOSED, {"city": city, "as_of": as_of})).one_or_none()
    if row is None:
        raise NoScoreThenError(city=city, as_of=as_of.isoformat())
    return {**row.snapshot, "as_of": as_of.isoformat(), "known": "then"}


def check_known(as_of: datetime | None, known: Known | None) -> None:
    """Raise AsOfError for `known` without an instant."""
    if known is not None and as_of is None:
        raise AsOfError("known_without_as_of")


def as_body(snapshot: dict[str, Any]) -> bytes:
    """JSON with the letters of all three languages as they are."""
    return json.dumps(snapshot, ensure_ascii=False, separators=(",", ":")).encode()


async def _past(state: State, city: str, as_of: datetime) -> datetime:
    now = state.clock()
    if as_of > now:
        raise AsOfError("as_of_future")
    await require_city(state, city)
    return now
