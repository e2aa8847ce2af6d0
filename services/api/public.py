"""The residents' page as data: index, sections and KPIs of a city, with their label; for any cache to keep."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Catalogue, Category, SectionCode, Target, Text
from schemas.official import Label
from schemas.snapshot import LABEL, Freshness, KpiValue
from schemas.units import UNITS
from services.api.answers import label_name
from services.api.cities import require_city
from services.api.cityscore import names
from services.api.examples import PUBLIC_SCORE
from services.api.kpis import rows_of
from services.api.state import ApiState

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["public"])
MAX_AGE_S: Final = 30
"""How long a cache may give an answer out again; a score changes every few seconds, a resident does not mind."""


class PublicBand(BaseModel):
    """A band of annex 5: from this total on."""

    code: str
    name: Text
    floor: float


class PublicSection(BaseModel):
    """A section of annex 5."""

    code: SectionCode
    name: Text
    weight: float
    score: float | None = Field(description="0…1; null: nothing of it is scored")


class PublicKpi(BaseModel):
    """A KPI with its state; `value` is null where nothing is known."""

    code: str
    section: SectionCode
    name: Text
    unit: str
    unit_name: Text
    target: Target | None
    value: KpiValue | None
    attainment: float | None = Field(description="0…1")
    freshness: Freshness | None = Field(description="null: the city's category is not scored on it")


class PublicScore(BaseModel):
    """What a city shows its residents."""

    model_config = ConfigDict(json_schema_extra={"example": PUBLIC_SCORE})
    city: str
    category: Category
    label: Label
    label_name: Text | str
    methodology: str = Field(description="its version")
    revision: int | None = Field(description="null until the first score is stored")
    computed_at: datetime | None
    index: float | None
    lower: float | None
    upper: float | None
    coverage: float | None = Field(description="0…1")
    rating: str | None = Field(description="code of the band that the total is in")
    bands: list[PublicBand]
    sections: list[PublicSection]
    kpis: list[PublicKpi]


@router.get(
    "/public",
    response_class=Response,
    response_model=None,
    responses={
        200: {"model": PublicScore, "content": {"application/json": {"example": PUBLIC_SCORE}}},
        304: {"description": "The reader's revision is still the newest"},
    },
)
async def public(city: str, state: ApiState, if_none_match: Annotated[str | None, Header()] = None) -> Response:
    """The newest live score in the words of the catalogue, to be kept by caches for 30 seconds."""
    stored = await state.snapshots.read(city)
    category = Category(stored.snapshot["category"]) if stored else await require_city(state, city)
    snapshot = stored.snapshot if stored else {}
    etag = f'"{snapshot.get("revision", 0)}-{snapshot.get("computed_at", "")}-{state.catalogue.hash[:12]}"'
    headers = {"ETag": etag, "Cache-Control": f"public, max-age={MAX_AGE_S}"}
    if if_none_match and names(if_none_match, etag):
        return Response(status_code=304, headers=headers)
    shown = _shown(state.catalogue, city, category, snapshot)
    return Response(shown.model_dump_json(), media_type="application/json", headers=headers)


def _shown(catalogue: Catalogue, city: str, category: Category, snapshot: dict[str, Any]) -> PublicScore:
    methodology = catalogue.methodology
    scored = {name: snapshot.get(name) for name in ("revision", "computed_at", "index", "lower", "upper", "coverage")}
    sections, states = snapshot.get("sections", {}), snapshot.get("kpis", {})
    return PublicScore(
        city=city,
        category=category,
        label=LABEL,
        label_name=label_name(LABEL),
        methodology=methodology.version,
        rating=snapshot.get("rating"),
        bands=[PublicBand(code=code, name=one.name, floor=one.floor) for code, one in methodology.bands.items()],
        sections=[
            PublicSection(code=code, name=one.name, weight=one.weight, score=sections.get(code, {}).get("score"))
            for code, one in methodology.sections.items()
        ],
        kpis=[
            PublicKpi(
                code=kpi.code,
                section=initiative.section,
                name=kpi.name,
                unit=kpi.unit,
                unit_name=Text.model_validate(UNITS[kpi.unit]),
                target=kpi.targets.of(category),
                **{name: states.get(kpi.code, {}).get(name) for name in ("value", "attainment", "freshness")},
            )
            for initiative, kpi in rows_of(catalogue)
        ],
        **scored,
    )
