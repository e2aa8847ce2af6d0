"""Why the score is another one than it was: the steps from a past score to the newest one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import SectionCode
from schemas.snapshot import Snapshot
from schemas.tables import cityscores
from services.api.cityscore import require_score
from services.api.errors import NoScoreThenError
from services.api.examples import WATERFALL
from services.api.explain import score_of
from services.api.history import live_at
from services.api.moments import Moment
from services.api.state import ApiState, State
from services.cityscore import waterfall as methodology

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["cityscore"])
HOUR: Final = timedelta(hours=1)
_PAST: Final = {"as_of", "known", "granule"}
"""What a past snapshot has beyond a snapshot."""


class Step(BaseModel):
    """One bar: the total before and after it."""

    code: str | None = Field(description="of the KPI; null for a whole section, and for additional initiatives")
    section: SectionCode | None = Field(description="null for additional initiatives")
    cause: methodology.Cause = Field(
        description="`weight`: it counts more or less, because others of its section, or other sections, came or went"
    )
    start: float
    end: float


class Waterfall(BaseModel):
    """All steps, section by section: each begins where the one before ended, the last ends at the newest total."""

    model_config = ConfigDict(json_schema_extra={"example": WATERFALL})
    revision: int = Field(description="of the newest score")
    begin: datetime = Field(description="when the earlier score was computed")
    end: datetime
    start_total: float
    end_total: float
    sections: dict[SectionCode, float] = Field(description="index points by section, signed")
    steps: list[Step]


@router.get("/waterfall")
async def waterfall(
    city: str,
    state: ApiState,
    since: Annotated[
        Moment | None,
        Query(
            alias="from",
            description="A past instant, with zone; default an hour ago, recomputed where no score is stored of as old",
        ),
    ] = None,
) -> Waterfall:
    """What made the difference between the score as it was known then and the newest one."""
    newest = await require_score(state, city)
    before = await _before(state, city, since) or newest.snapshot
    return explained(Snapshot.model_validate(before), Snapshot.model_validate(newest.snapshot))


async def _before(state: State, city: str, since: datetime | None) -> dict[str, Any] | None:
    """The score of that instant. Of an hour ago, where nobody asked for another one: if nothing was stored by then,
    what today's state tells of it, and if that is nothing the first score there is."""
    at = since or state.clock() - HOUR
    try:
        past = await live_at(state, city, at, None)
    except NoScoreThenError:
        if since is not None:
            raise
        minute = at.replace(second=0, microsecond=0)
        told = await state.courses.whole(state.recomputing, city, minute, state.clock())
        if told.index is None:
            return await _first(state, city)
        past = {**told.model_dump(mode="json"), "computed_at": told.as_of}
    return {name: value for name, value in past.items() if name not in _PAST}


async def _first(state: State, city: str) -> dict[str, Any] | None:
    table = cityscores["minute"].c
    query = sa.select(table.snapshot).where(table.city == city).order_by(table.computed_at).limit(1)
    async with state.engine.connect() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


def explained(before: Snapshot, after: Snapshot) -> Waterfall:
    """The steps from one snapshot to another. Pure."""
    found = methodology.waterfall(score_of(before), score_of(after))
    return Waterfall(
        revision=after.revision,
        begin=before.computed_at,
        end=after.computed_at,
        start_total=found.start,
        end_total=found.end,
        sections=found.sections(),
        steps=[
            Step(code=step.code, section=step.section, cause=step.cause, start=step.start, end=step.end)
            for step in found.steps
        ],
    )
