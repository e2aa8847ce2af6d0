"""The stored score, byte for byte as the scorer wrote it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from schemas.snapshot import Snapshot
from services.api.cities import require_city
from services.api.errors import NoScoreError
from services.api.examples import SNAPSHOT
from services.api.snapshots import Stored
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])


@router.get(
    "/cityscore",
    response_class=Response,
    response_model=None,
    responses={
        200: {"model": Snapshot, "content": {"application/json": {"example": SNAPSHOT}}},
        304: {"description": "The reader's revision is still the newest"},
    },
)
async def cityscore(city: str, state: ApiState, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """Index with bounds and coverage, sections and every KPI; an operational estimate. The ETag is the revision."""
    stored = await require_score(state, city)
    etag = f'"{stored.revision}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match and _names(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    return Response(stored.content, media_type="application/json", headers=headers)


async def require_score(state: State, city: str) -> Stored:
    """The newest score. Raises UnknownCityError or NoScoreError."""
    stored = await state.snapshots.read(city)
    if stored is None:
        await require_city(state, city)
        raise NoScoreError(city=city)
    return stored


def _names(if_none_match: str, etag: str) -> bool:
    named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in named or "*" in named
