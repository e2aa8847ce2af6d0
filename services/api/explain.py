"""Why the index is what it is, and what would lift it most cheaply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Catalogue, SectionCode, Text
from schemas.official import Label, SduAnswer
from schemas.snapshot import Snapshot
from services.api.answers import label_name, newest
from services.api.cityscore import require_score
from services.api.examples import EXPLANATION
from services.api.language import LangQuery
from services.api.state import ApiState
from services.cityscore import explain as methodology
from services.cityscore.result import KpiScore, Score, SectionScore
from services.runtime.messages import Language

_NONE: Final[Mapping[str, SduAnswer]] = {}
router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])


class KpiContribution(BaseModel):
    """Index points of one KPI."""

    code: str
    section: SectionCode
    points: float = Field(description="earned")
    gain: float = Field(description="how much the index would rise if this KPI alone met its target")


class NextBand(BaseModel):
    """The rating above the present one."""

    rating: str
    floor: float
    gap: float = Field(description="index points that the total lacks")
    kpis: list[KpiContribution] = Field(description="the fewest that close the gap if met, largest gain first")


class Explanation(BaseModel):
    """The index taken apart: the points of the sections add up to it, and so do those of the KPIs."""

    model_config = ConfigDict(json_schema_extra={"example": EXPLANATION})
    revision: int
    computed_at: datetime
    index: float | None
    total: float | None
    rating: str | None
    sections: dict[SectionCode, float]
    kpis: list[KpiContribution] = Field(description="largest gain first")
    next_band: NextBand | None = Field(description="null in the highest band, and without an index")
    label: Label = Field(description="what is live is always an operational estimate")
    label_name: Text | str
    answers: dict[str, SduAnswer] = Field(description="by KPI: SDU's answer on the newest closed period that has one")


@router.get("/explain")
async def explain(city: str, state: ApiState, lang: LangQuery = None) -> Explanation:
    """Contributions of sections and KPIs, the gap to the next band, and the KPIs that would close it most cheaply."""
    stored = await require_score(state, city)
    said = await newest(state, city, lang)
    return explained(state.catalogue, Snapshot.model_validate(stored.snapshot), said, lang)


def explained(
    catalogue: Catalogue,
    snapshot: Snapshot,
    answers: Mapping[str, SduAnswer] = _NONE,
    lang: Language | None = None,
) -> Explanation:
    """One snapshot taken apart. Pure."""
    found = methodology.explain(catalogue, score_of(snapshot))
    gap = found.gap
    return Explanation(
        revision=snapshot.revision,
        computed_at=snapshot.computed_at,
        index=snapshot.index,
        total=snapshot.total,
        rating=snapshot.rating,
        sections={code: section.points for code, section in snapshot.sections.items()},
        kpis=[_contribution(kpi) for kpi in found.kpis],
        next_band=gap
        and NextBand(rating=gap.rating, floor=gap.floor, gap=gap.points, kpis=[_contribution(kpi) for kpi in gap.kpis]),
        label=snapshot.label,
        label_name=label_name(snapshot.label, lang),
        answers=dict(answers),
    )


def score_of(snapshot: Snapshot) -> Score:
    """A stored snapshot as the methodology's own value."""
    return Score(
        category=snapshot.category,
        catalogue=snapshot.catalogue.hash,
        index=snapshot.index,
        lower=snapshot.lower,
        upper=snapshot.upper,
        coverage=snapshot.coverage,
        total=snapshot.total,
        rating=snapshot.rating,
        sections={
            code: SectionScore(score=section.score, weight=round(section.weight), points=section.points)
            for code, section in snapshot.sections.items()
        },
        kpis={
            code: KpiScore(
                value=kpi.value,
                attainment=kpi.attainment,
                weight=round(kpi.weight),
                points=kpi.points,
                section=kpi.section,
                max_points=kpi.max_points,
            )
            for code, kpi in snapshot.kpis.items()
        },
    )


def _contribution(kpi: methodology.Contribution) -> KpiContribution:
    return KpiContribution(code=kpi.code, section=kpi.section, points=kpi.points, gain=kpi.gain)
