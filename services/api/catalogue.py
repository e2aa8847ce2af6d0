"""The methodology this instance scores by."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response

from schemas.catalogue import Methodology
from services.api.language import LangQuery, in_language
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1", tags=["catalogue"])


@router.get(
    "/catalogue",
    response_model=None,
    responses={
        200: {
            "description": "Annexes 2 to 5 as data: methodology, initiatives with their KPIs, functions, hash",
            "content": {"application/json": {"example": {"hash": "5f3c…", "methodology": {}, "initiatives": []}}},
        }
    },
)
async def catalogue(
    state: ApiState, lang: LangQuery = None, if_none_match: Annotated[str | None, Header()] = None
) -> Response:
    """The whole catalogue; its ETag is the hash that every score names."""
    etag = f'"{state.catalogue.hash}{f"-{lang}" if lang else ""}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if if_none_match == etag:
        return Response(status_code=304, headers=headers)
    content: dict[str, Any] = state.catalogue.model_dump(mode="json")
    return JSONResponse(in_language(content, lang), headers=headers)


@router.get(
    "/methodology",
    responses={200: {"content": {"application/json": {"example": {"version": "469", "sections": {}, "bands": {}}}}}},
)
async def methodology(state: ApiState, response: Response) -> Methodology:
    """Annex 5 without the KPIs: sections with their weights, rating bands, categories, additional initiatives."""
    response.headers["Cache-Control"] = "no-cache"
    return state.catalogue.methodology
