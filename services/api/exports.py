"""Deliveries to SDU: which there are, and their files, byte for byte as they were stored, for whoever pulls them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Path, Query
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Period
from schemas.delivery import FILES, Kind, relative
from schemas.tables import delivery
from services.api.errors import DeliveryCursorError, NoDeliveryError
from services.api.examples import DELIVERY
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1", tags=["exports"])
CODE = r"^[a-z0-9][a-z0-9_.-]{0,63}$"
NAME = r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-W[0-9]{2}|-Q[1-4])?$"
CURSOR = r"^[0-9T:.+-]{1,40}~[a-z0-9_.-]{1,64}~[a-z]{1,10}~[0-9T:.+-]{1,40}~[0-9]{1,9}$"
MAX_DELIVERIES = 1000
_ORDER = (delivery.c.stored_at, delivery.c.city, delivery.c.period, delivery.c.end, delivery.c.revision)
PLACE: Final[Mapping[Kind, str]] = {"kpis": "/api/v1/exports", "facts": "/api/v1/facts"}


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
    confirmed: int = Field(description="KPIs of the period that SDU's newest answer confirmed …")
    corrected: int = Field(description="… and corrected")
    folder: str
    files: list[str]


class Deliveries(BaseModel):
    """A page in the order in which they were stored; `next` is the `after` of the following page, null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"deliveries": [DELIVERY], "next": None}})
    deliveries: list[Delivery]
    next: str | None


City = Annotated[str | None, Query(pattern=CODE)]
After = Annotated[str | None, Query(description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_DELIVERIES)]
CityPath = Annotated[str, Path(pattern=CODE)]
NamePath = Annotated[str, Path(pattern=NAME)]
RevisionPath = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("/exports")
async def exports(
    state: ApiState,
    city: City = None,
    period: Period | None = None,
    without_receipt: bool = False,
    after: After = None,
    limit: Limit = 100,
) -> Deliveries:
    """Deliveries, oldest first, so that a reader who goes on after the last one he has misses none."""
    query = _listed("kpis", city, period, after)
    if without_receipt:
        query = query.where(delivery.c.received_at.is_(None))
    return await _page(state, query, limit)


@router.get("/facts")
async def facts(
    state: ApiState, city: City = None, period: Period | None = None, after: After = None, limit: Limit = 100
) -> Deliveries:
    """Deliveries of raw facts, oldest first: every event of a period, without anything that identifies a person."""
    return await _page(state, _listed("facts", city, period, after), limit)


@router.get("/exports/{city}/{period}/{name}/{revision}/{file}", response_class=FileResponse)
async def export_file(
    state: ApiState, city: CityPath, period: Period, name: NamePath, revision: RevisionPath, file: str
) -> FileResponse:
    """One file. Ranges are answered (206), the ETag is for `If-Range`; it never changes."""
    return await _file(state, "kpis", {"city": city, "period": period.value, "name": name, "revision": revision}, file)


@router.get("/facts/{city}/{period}/{name}/{revision}/{file}", response_class=FileResponse)
async def facts_file(
    state: ApiState, city: CityPath, period: Period, name: NamePath, revision: RevisionPath, file: str
) -> FileResponse:
    """One file of a delivery of raw facts, as those of KPIs are served."""
    return await _file(state, "facts", {"city": city, "period": period.value, "name": name, "revision": revision}, file)


_ANSWERED: Final = """(
    SELECT count(*) FROM (
      SELECT DISTINCT ON (a.kpi) a.status FROM sdu_answer a
      WHERE (a.city, a.period, a.name) = (delivery.city, delivery.period, delivery.name) AND delivery.kind = 'kpis'
      ORDER BY a.kpi, a.answered_at DESC
    ) newest WHERE newest.status = '{status}'
)"""
_COUNTED: Final = tuple(
    sa.literal_column(_ANSWERED.format(status=status), sa.Integer()).label(status)
    for status in ("confirmed", "corrected")
)


def _listed(kind: Kind, city: str | None, period: Period | None, after: str | None) -> sa.Select[Any]:
    query = sa.select(delivery, *_COUNTED).where(delivery.c.kind == kind).order_by(*_ORDER)
    if city is not None:
        query = query.where(delivery.c.city == city)
    if period is not None:
        query = query.where(delivery.c.period == period.value)
    if after is not None:
        query = query.where(sa.tuple_(*_ORDER) > sa.tuple_(*_cursor(after)))
    return query


async def _page(state: State, query: sa.Select[Any], limit: int) -> Deliveries:
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query.limit(limit + 1))).mappings().all()
    more = _after(rows[limit - 1]) if len(rows) > limit else None
    return Deliveries(deliveries=[_delivery(row) for row in rows[:limit]], next=more)


async def _file(state: State, kind: Kind, key: dict[str, Any], file: str) -> FileResponse:
    found = {**key, "kind": kind}
    query = sa.select(delivery.c.manifest_sha256).where(*(delivery.c[name] == value for name, value in found.items()))
    async with state.engine.connect() as connection:
        known = (await connection.execute(query)).scalar_one_or_none()
    root = state.settings.export_folder
    if known is None or root is None or file not in FILES[kind]:
        raise NoDeliveryError(**key, file=file[:100])
    path = root / relative(key["city"], Period(key["period"]), key["name"], key["revision"], kind) / file
    if not path.is_file():
        raise NoDeliveryError(**key, file=file)
    headers = {"Cache-Control": "private, max-age=31536000, immutable", "ETag": f'"{known[:32]}-{file}"'}
    return FileResponse(path, filename=file, headers=headers)


def _delivery(row: Any) -> Delivery:
    folder = f"{PLACE[row['kind']]}/{row['city']}/{row['period']}/{row['name']}/{row['revision']}"
    given = {name: row[name] for name in Delivery.model_fields if name in row}
    return Delivery(**given, folder=folder, files=list(FILES[row["kind"]]))


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
