"""Deliveries to SDU: which there are, and their files, byte for byte as they were stored, for whoever pulls them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Period
from schemas.delivery import FILES, relative
from schemas.tables import delivery
from services.api.errors import DeliveryCursorError, NoDeliveryError
from services.api.examples import DELIVERY
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/exports", tags=["exports"])
CODE = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
NAME = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-W[0-9]{2}|-Q[1-4])?$"
CURSOR = r"^[0-9T:.+-]{1,40}~[a-z0-9_.-]{1,64}~[a-z]{1,10}~[0-9T:.+-]{1,40}~[0-9]{1,9}$"
MAX_DELIVERIES = 1000
_ORDER = (delivery.c.stored_at, delivery.c.city, delivery.c.period, delivery.c.end, delivery.c.revision)


class Delivery(BaseModel):
    """One revision of a period; its files are at `{folder}/{file}`."""

    model_config = ConfigDict(json_schema_extra={"example": DELIVERY})
    city: str
    period: Period
    name: str = Field(description="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027")
    end: datetime = Field(description="of the period, excluded")
    revision: int
    rows: int
    manifest_sha256: str
    generated_at: datetime = Field(description="when the newest of its values was stored")
    stored_at: datetime
    receipt: str | None = Field(description="SDU's reference; null: no receipt yet")
    received_at: datetime | None
    folder: str
    files: list[str]


class Deliveries(BaseModel):
    """A page in the order in which they were stored; `next` is the `after` of the following page, null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"deliveries": [DELIVERY], "next": None}})
    deliveries: list[Delivery]
    next: str | None


@router.get("")
async def exports(
    state: ApiState,
    city: Annotated[str | None, Query(pattern=CODE)] = None,
    period: Period | None = None,
    without_receipt: bool = False,
    after: Annotated[str | None, Query(description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_DELIVERIES)] = 100,
) -> Deliveries:
    """Deliveries, oldest first, so that a reader who goes on after the last one he has misses none."""
    query = sa.select(delivery).order_by(*_ORDER).limit(limit + 1)
    if city is not None:
        query = query.where(delivery.c.city == city)
    if period is not None:
        query = query.where(delivery.c.period == period.value)
    if without_receipt:
        query = query.where(delivery.c.received_at.is_(None))
    if after is not None:
        query = query.where(sa.tuple_(*_ORDER) > sa.tuple_(*_cursor(after)))
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    more = _after(rows[limit - 1]) if len(rows) > limit else None
    return Deliveries(deliveries=[_delivery(row) for row in rows[:limit]], next=more)


@router.get("/{city}/{period}/{name}/{revision}/{file}", response_class=FileResponse)
async def export_file(
    state: ApiState,
    city: Annotated[str, Path(pattern=CODE)],
    period: Period,
    name: Annotated[str, Path(pattern=NAME)],
    revision: Annotated[int, Path(ge=1, le=2**31 - 1)],
    file: str,
) -> FileResponse:
    """One file. Ranges are answered (206), the ETag is for `If-Range`; it never changes."""
    key = {"city": city, "period": period.value, "name": name, "revision": revision}
    query = sa.select(delivery.c.manifest_sha256).where(*(delivery.c[column] == value for column, value in key.items()))
    async with state.engine.connect() as connection:
        known = (await connection.execute(query)).scalar_one_or_none()
    root = state.settings.export_folder
    if known is None or root is None or file not in FILES:
        raise NoDeliveryError(**key, file=file[:100])
    path = root / relative(city, period, name, revision) / file
    if not path.is_file():
        raise NoDeliveryError(**key, file=file)
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{known[:32]}-{file}"'}
    return FileResponse(path, filename=file, headers=headers)


def _delivery(row: Any) -> Delivery:
    folder = f"/api/v1/exports/{row['city']}/{row['period']}/{row['name']}/{row['revision']}"
    given = {name: row[name] for name in Delivery.model_fields if name in row}
    return Delivery(**given, folder=folder, files=list(FILES))


def _after(row: Any) -> str:
    return "~".join(
        (row["stored_at"].isoformat(), row["city"], row["period"], row["end"].isoformat(), str(row["revision"]))
    )


def _cursor(after: str) -> tuple[datetime, str, str, datetime, int]:
    try:
        if not re.fullmatch(CURSOR, after):
            raise ValueError(after)
        stored_at, city, period, end, revision = after.split("~")
        return _moment(stored_at), city, period, _moment(end), int(revision)
    except ValueError:
        raise DeliveryCursorError(after=after[:200]) from None


def _moment(given: str) -> datetime:
    return datetime.fromisoformat(given).astimezone(UTC)
