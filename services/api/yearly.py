"""The yearly evaluation: official once frozen on 31 January, provisional until then."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.snapshot import LABEL
from schemas.tables import cityscore_yearly
from services.api.cities import require_city
from services.api.errors import AsOfError
from services.api.examples import YEARLY
from services.api.state import ApiState, State
from services.cityscore.yearly import freezes_on

router = APIRouter(prefix="/api/v1/cities/{city}/cityscore", tags=["cityscore"])


class Evaluated(BaseModel):
    """One evaluation of the year. `evaluation` is what the hash is taken of: city, year and the score in full."""

    hash: str = Field(description="SHA-256, hexadecimal, over the canonical JSON of `evaluation`")
    computed_at: datetime
    evaluation: dict[str, Any]


class Yearly(BaseModel):
    """The mean attainment over the closed periods that end in the year, missing ones as 0."""

    model_config = ConfigDict(json_schema_extra={"example": YEARLY})
    city: str
    year: int
    label: Literal["operational_estimate"] = LABEL
    status: Literal["frozen", "provisional"]
    freezes_on: date = Field(description="31 January of the next year")
    official: Evaluated | None = Field(description="null until it is frozen")
    revisions: list[Evaluated] = Field(
        description="later evaluations beside the official one, oldest first; before it, today's provisional one"
    )


@router.get("/yearly")
async def yearly(
    city: str, state: ApiState, year: Annotated[int, Query(ge=2000, le=9999, description="The reporting year")]
) -> Yearly:
    """Closed values of a year as one score; frozen on 31 January of the next year, later revisions stand beside it."""
    await require_city(state, city)
    now = state.clock()
    if year > now.year + 1:
        raise AsOfError("year_future", year=year)
    stored = await _stored(state, city, year)
    if not stored:
        digest, found = await state.recomputing.yearly(city, year)
        revisions = [Evaluated(hash=digest, computed_at=now, evaluation=found)]
        return Yearly(
            city=city, year=year, status="provisional", freezes_on=freezes_on(year), official=None, revisions=revisions
        )
    official, *later = stored
    return Yearly(
        city=city, year=year, status="frozen", freezes_on=freezes_on(year), official=official, revisions=later
    )


async def _stored(state: State, city: str, year: int) -> list[Evaluated]:
    columns = cityscore_yearly.c
    query = (
        sa.select(columns.hash, columns.computed_at, columns.evaluation)
        .where(columns.city == city, columns.year == year)
        .order_by(columns.revision)
    )
    async with state.engine.connect() as connection:
        return [Evaluated(**row) for row in (await connection.execute(query)).mappings()]
