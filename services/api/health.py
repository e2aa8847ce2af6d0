"""For supervisors and Prometheus: is the process alive, can it serve, what has it counted."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from services.api.state import ApiState
from services.runtime.schema_version import revision

router = APIRouter(tags=["health"])
Check = Literal["ok", "failed"]


class Health(BaseModel):
    """`ok` or `failed`, per check."""

    status: Check
    checks: dict[str, Check]


@router.get("/healthz", response_model=Health, responses={503: {"model": Health}})
async def healthz(state: ApiState) -> JSONResponse:
    """The process and its reader of notices are alive; says nothing of the database."""
    return _answer({"notices": _check(state.hub.running)})


@router.get("/readyz", response_model=Health, responses={503: {"model": Health}})
async def readyz(state: ApiState) -> JSONResponse:
    """The database answers and its migrations are at head."""
    found = await revision(state.engine)
    return _answer(
        {
            "database": _check(found is not None),
            "migrations": _check(bool(found) and found == (state.migration_head or found)),
        }
    )


@router.get(
    "/metrics",
    response_class=Response,
    response_model=None,
    responses={200: {"content": {"text/plain": {"example": 'ahual_api_streams{kind="websocket"} 3.0'}}}},
)
async def metrics(state: ApiState) -> Response:
    """Prometheus' text format."""
    await state.stock.take()
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _check(passed: bool) -> Check:
    return "ok" if passed else "failed"


def _answer(checks: dict[str, Check]) -> JSONResponse:
    failed = "failed" in checks.values()
    body = Health(status=_check(not failed), checks=checks)
    return JSONResponse(body.model_dump(), 503 if failed else 200, headers={"Cache-Control": "no-store"})
