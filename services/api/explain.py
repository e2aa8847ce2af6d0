"""Why the index is what it is, and what would lift it most cheaply."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Methodology, SectionCode
from services.api.cityscore import require_score
from services.api.examples import EXPLANATION
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])
CHEAPEST: Final = 10


class Contribution(BaseModel):
    """Index points of a section or KPI: earned, attainable, and the difference still to gain."""

    code: str
    points: float
    max_points: float
    gain: float


class KpiContribution(Contribution):
    """A KPI's contribution, with its section."""

    section: SectionCode


class NextBand(BaseModel):
    """The rating above the present one; `kpis` are the fewest whose targets, if met, would reach it."""

    rating: str
    floor: float
    gap: float = Field(description="index points of the total that are missing")
    reachable: bool = Field(description="whether all scored KPIs together would reach it")
    kpis: list[str]


class Explanation(BaseModel):
    """The index taken apart. The contributions of the sections add up to it, and so do those of the KPIs."""

    model_config = ConfigDict(json_schema_extra={"example": EXPLANATION})
    revision: int
    computed_at: datetime
    index: float | None
    total: float | None
    rating: str | None
    sections: list[Contribution]
    kpis: list[KpiContribution]
    cheapest: list[KpiContribution] = Field(description="the ten with most to gain")
    next_band: NextBand | None = Field(description="null in the highest band, and without an index")


@router.get("/explain")
async def explain(city: str, state: ApiState) -> Explanation:
    """Contributions of sections and KPIs, the gap to the next band, and the KPIs that would close it."""
    stored = await require_score(state, city)
    return explained(state.catalogue.methodology, stored.snapshot)


def explained(methodology: Methodology, snapshot: dict[str, Any]) -> Explanation:
    """One snapshot taken apart. Pure."""
    kpis = [
        KpiContribution(code=code, section=state["section"], **_points(state["points"], state["max_points"]))
        for code, state in snapshot["kpis"].items()
    ]
    by_gain = sorted((kpi for kpi in kpis if kpi.gain > 0), key=lambda kpi: -kpi.gain)
    attainable = {code: sum(kpi.max_points for kpi in kpis if kpi.section == code) for code in snapshot["sections"]}
    sections = [
        Contribution(code=code, **_points(section["points"], attainable[code]))
        for code, section in snapshot["sections"].items()
    ]
    return Explanation(
        **{name: snapshot[name] for name in ("revision", "computed_at", "index", "total", "rating")},
        sections=sections,
        kpis=kpis,
        cheapest=by_gain[:CHEAPEST],
        next_band=_next_band(methodology, snapshot["total"], by_gain),
    )


def _points(points: float, max_points: float) -> dict[str, float]:
    return {"points": points, "max_points": max_points, "gain": max_points - points}


def _next_band(methodology: Methodology, total: float | None, by_gain: list[KpiContribution]) -> NextBand | None:
    """Bands are compared after rounding to 9 decimals, as the rating itself is."""
    if total is None:
        return None
    above = [(band.floor, code) for code, band in methodology.bands.items() if band.floor > round(total, 9)]
    if not above:
        return None
    floor, rating = min(above)
    needed: list[str] = []
    reached = total
    for kpi in by_gain:
        if round(reached, 9) >= floor:
            break
        needed.append(kpi.code)
        reached += kpi.gain
    return NextBand(rating=rating, floor=floor, gap=floor - total, reachable=round(reached, 9) >= floor, kpis=needed)
