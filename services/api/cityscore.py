"""The stored scores: the live one byte for byte as the scorer wrote it, the closed one, and those of past instants."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from schemas.official import AnsweredSnapshot
from schemas.snapshot import ClosedSnapshot, PastClosedSnapshot, PastSnapshot, Snapshot
from schemas.tables import cityscore_closed
from services.api.answers import answered, newest
from services.api.cities import require_city
from services.api.encodings import accepted
from services.api.errors import NoScoreError
from services.api.examples import ANSWERED_SNAPSHOT, CLOSED_SNAPSHOT, PAST_CLOSED_SNAPSHOT, PAST_SNAPSHOT, SNAPSHOT
from services.api.history import AsOf, KnownQuery, as_body, check_known, closed_at, live_at
from services.api.snapshots import Stored
from services.api.state import ApiState, State

_EXAMPLES = {
    "live": {"summary": "the newest live score", "value": SNAPSHOT},
    "closed": {"summary": "window=closed", "value": CLOSED_SNAPSHOT},
    "answered": {"summary": "window=closed, with SDU's answers", "value": ANSWERED_SNAPSHOT},
    "past": {"summary": "as_of=…", "value": PAST_SNAPSHOT},
    "past closed": {"summary": "window=closed&as_of=…&known=now", "value": PAST_CLOSED_SNAPSHOT},
}
router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])


@router.get(
    "/cityscore",
    response_class=Response,
    response_model=None,
    responses={
        200: {
            "model": Snapshot | ClosedSnapshot | AnsweredSnapshot | PastSnapshot | PastClosedSnapshot,
            "content": {"application/json": {"examples": _EXAMPLES}},
        },
        304: {"description": "The reader's revision is still the newest"},
    },
)
async def cityscore(
    city: str,
    state: ApiState,
    window: Annotated[
        Literal["live", "closed"],
        Query(
            description="`live`: trailing windows; `closed`: last closed calendar periods, what is exported and ranked"
        ),
    ] = "live",
    as_of: AsOf = None,
    known: KnownQuery = None,
    if_none_match: Annotated[str | None, Header()] = None,
    accept_encoding: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Index with bounds and coverage, sections and every KPI; an operational estimate. The ETag is the revision.

    On closed periods also SDU's answers, if there are any.

    With `as_of` also `as_of`, `known` and `granule`.
    """
    check_known(as_of, known)
    if as_of is not None:
        past = await (live_at if window == "live" else closed_at)(state, city, as_of, known)
        return Response(as_body(past), media_type="application/json", headers={"Cache-Control": "no-cache"})
    stored = await (require_score if window == "live" else require_closed)(state, city)
    content = stored.content
    etag = f'"{stored.revision}"'
    if window == "closed":
        said = answered(stored.snapshot, await newest(state, city))
        content = content if said is None else as_body(said)
        etag = f'"closed-{stored.revision}"' if said is None else f'"closed-{stored.revision}-{_short(content)}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match and names(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    if content is stored.content and accepted(accept_encoding or "", ("gzip",)):
        headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
        content = stored.gzipped
    return Response(content, media_type="application/json", headers=headers)


async def require_score(state: State, city: str) -> Stored:
    """The newest live score. Raises UnknownCityError or NoScoreError."""
    stored = await state.snapshots.read(city)
    if stored is None:
        await require_city(state, city)
        raise NoScoreError(city=city)
    return stored


async def require_closed(state: State, city: str) -> Stored:
    """The newest closed score. Raises UnknownCityError or NoScoreError."""
    columns = cityscore_closed.c
    query = sa.select(columns.city, columns.revision, sa.cast(columns.snapshot, sa.Text)).where(columns.city == city)
    async with state.engine.connect() as connection:
        row = (await connection.execute(query.order_by(columns.revision.desc()).limit(1))).one_or_none()
    if row is None:
        await require_city(state, city)
        raise NoScoreError(city=city)
    return Stored(*row)


def _short(content: bytes) -> str:
    return sha256(content).hexdigest()[:16]


def names(if_none_match: str, etag: str) -> bool:
    """Whether an `If-None-Match` names this ETag."""
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in named or "*" in named
