"""Which KPIs the map can show district by district in a city: those whose cases say in which one they happened."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query

from services.api.cities import require_city
from services.api.kpis import rows_of
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/layers/districts", tags=["map"])
DEFAULT: Final = "1.11"
"""What the map opens with, where it has figures: crews that arrive in time."""


@router.get("/kpis", responses={200: {"content": {"application/json": {"example": ["1.9", "1.11", "3.4"]}}}})
async def kpis(city: Annotated[str, Query(max_length=64, examples=["karaganda"])], state: ApiState) -> list[str]:
    """Codes of the KPIs with a figure in two districts or more, over the window in which each is scored."""
    await require_city(state, city)
    return await with_figures(state, city)


async def with_figures(state: State, city: str) -> list[str]:
    """Their codes, in the order of annex 4."""
    return await state.layers.kpis(city, state.clock(), [kpi for _, kpi in rows_of(state.catalogue)])


async def opening(state: State, city: str) -> str:
    """The KPI that is shown to who asked for none."""
    known = await with_figures(state, city)
    return DEFAULT if DEFAULT in known or not known else known[0]
