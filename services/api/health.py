"""For supervisors and Prometheus: is the process alive, can it serve, what has it counted."""

from __future__ import annotations

import logging
from typing import Literal

import sqlalchemy as sa
from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from sqlalchemy.exc import ProgrammingError

from services.api.state import ApiState, State
from services.runtime.database import DATABASE_ERRORS

log = logging.getLogger(__name__)
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
    found = await _migration(state)
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
    return Response(generate_latest(state.metrics.registry), media_type=CONTENT_TYPE_LATEST)


async def _migration(state: State) -> str | None:
    """The database's migration, empty when it has none, None when it does not answer."""
    try:
        async with state.engine.connect() as connection:
            return str((await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar() or "")
    except ProgrammingError:
        return ""
    except DATABASE_ERRORS as error:
        log.warning("not ready", extra={"reason": repr(error)})
        return None


def _check(passed: bool) -> Check:
    return "ok" if passed else "failed"


def _answer(checks: dict[str, Check]) -> JSONResponse:
    failed = "failed" in checks.values()
    body = Health(status=_check(not failed), checks=checks)
    return JSONResponse(body.model_dump(), 503 if failed else 200, headers={"Cache-Control": "no-store"})
