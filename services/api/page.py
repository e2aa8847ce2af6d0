"""The page at `/`: the built dashboard, or a plain page where it is not built; files and texts."""

from __future__ import annotations

from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import Final

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from fastapi.staticfiles import StaticFiles

from schemas.catalogue import Methodology
from services.api.dashboard import HASHED, INDEX
from services.api.language import spoken
from services.api.state import ApiState
from services.runtime.messages import Language, room, text

STATIC: Final = Path(str(files("services.api") / "static"))
static_files: Final = StaticFiles(directory=STATIC)
router = APIRouter(tags=["page"])


@router.get("/", include_in_schema=False)
async def page(request: Request, state: ApiState) -> Response:
    """The page; everything it shows comes from the endpoints of this API."""
    built = state.dashboard.answer(INDEX, request)
    return built or FileResponse(STATIC / INDEX, headers={"Cache-Control": "no-cache"})


@router.get("/plain", include_in_schema=False)
async def plain() -> FileResponse:
    """The plain page, also where the dashboard is built."""
    return FileResponse(STATIC / INDEX, headers={"Cache-Control": "no-cache"})


@router.get("/assets/{path:path}", include_in_schema=False)
async def asset(path: str, request: Request, state: ApiState) -> Response:
    """A file of the dashboard whose name holds its hash."""
    return _found(state.dashboard.answer(f"{HASHED}/{path}", request))


@router.get("/{name}", include_in_schema=False)
async def beside_the_page(name: str, request: Request, state: ApiState) -> Response:
    """A file that lies beside the dashboard's page."""
    return _found(state.dashboard.answer(name, request))


def _found(answer: Response | None) -> Response:
    if answer is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return answer


@router.get(
    "/api/v1/texts",
    response_model=dict[str, str],
    responses={200: {"content": {"application/json": {"example": {"page_label": "operational estimate"}}}}},
)
async def texts(request: Request, state: ApiState) -> JSONResponse:
    """The page's texts in the language of `?lang=` or Accept-Language, by key."""
    lang = spoken(request)
    return JSONResponse(
        page_texts(state.catalogue.methodology, lang),
        headers={"Content-Language": lang, "Vary": "Accept-Language", "Cache-Control": "no-cache"},
    )


def page_texts(methodology: Methodology, lang: Language) -> dict[str, str]:
    """`page_*` of the message catalogue, and the methodology's names of sections, ratings and categories."""
    own = {key: text(f"api.{key}", lang) for key in room("api") if key.startswith("page_")}
    named = (
        [(f"section_{code.value}", section.name) for code, section in methodology.sections.items()]
        + [(f"rating_{code}", band.name) for code, band in methodology.bands.items()]
        + [(f"category_{code.value}", name) for code, name in methodology.categories.items()]
    )
    return own | {key: getattr(name, lang) for key, name in named}
