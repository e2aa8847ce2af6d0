"""Which kinds of visualisation can be seen here, for who counts them (KPI 1.3)."""

from __future__ import annotations

from fastapi import APIRouter

from schemas.shown import Visualisation, load_shown
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1", tags=["page"])


@router.get("/visualisations")
async def visualisations(state: ApiState) -> list[Visualisation]:
    """The kinds of visualisation, and the page or file that has each: what the built dashboard declares, without it
    the plain page's."""
    return state.dashboard.visualisations() if state.dashboard.built else list(load_shown().visualisations)
