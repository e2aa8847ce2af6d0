"""The sources of a city: who reports, who fell silent, whose value froze, whose clock is off."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text
from schemas.sources import STATES, SourceState
from services.api.cities import require_city
from services.api.errors import SourceCursorError
from services.api.examples import SOURCE, SOURCE_SUMMARY
from services.api.language import LangQuery, in_language
from services.api.state import ApiState
from services.runtime.messages import LANGUAGES, text
from services.runtime.systems import system_names

router = APIRouter(prefix="/api/v1/cities/{city}/sources", tags=["operations"])


class Source(BaseModel):
    """One device or departmental system, all that is known of it. A declared one may never have been heard."""

    model_config = ConfigDict(json_schema_extra={"example": SOURCE})
    system: str
    device: str
    state: SourceState = Field(description="judged now; where several hold, the first of silent, frozen, drifting")
    state_name: Text | str
    events: int = Field(description="stored events, duplicates not counted")
    first_seen: datetime | None = Field(description="its first arrival")
    newest_time: datetime | None = Field(description="newest event time")
    arrived_at: datetime | None = Field(description="newest arrival at Kafka")
    stored_at: datetime | None = Field(description="when its newest event was stored")
    interval_s: float = Field(description="how often it is expected to report")
    interval_from: Literal["declared", "learned", "assumed"]
    silent_from: datetime | None = Field(description="when it counts as silent unless something comes")
    drift_s: float | None = Field(description="its clock against ours, + ahead; null: nothing to tell it by")
    clockless: bool = Field(description="its newest event came without a time of its own")
    missing: int = Field(description="suspected loss: sequence numbers between smallest and largest that never came")
    restarts: int = Field(description="times its sequence started anew")
    channel: str | None = Field(description="the measuring channel that shows the same value for the longest time")
    same_since: datetime | None
    same_count: int | None


class Sources(BaseModel):
    """A page of sources by system and device; `next` is the `after` of the following page, null on the last."""

    model_config = ConfigDict(json_schema_extra={"example": {"sources": [SOURCE], "next": "heat/meter-17"}})
    sources: list[Source]
    next: str | None


class SystemSources(BaseModel):
    """The sources of one system by state, and what their sequences miss."""

    system: str
    name: Text | str = Field(description="as its topics call it, where it is one of the city's own")
    states: dict[SourceState, int]
    missing: int


class Summary(BaseModel):
    """Totals of a city, and per system."""

    model_config = ConfigDict(json_schema_extra={"example": SOURCE_SUMMARY})
    states: dict[SourceState, int]
    state_names: dict[SourceState, Text | str]
    missing: int = Field(description="suspected loss of all sources")
    systems: list[SystemSources]


_NAMES = {state: {lang: text(f"api.page_source_{state}", lang) for lang in LANGUAGES} for state in STATES}


@router.get("")
async def sources(
    city: str,
    state: ApiState,
    lang: LangQuery = None,
    system: Annotated[str | None, Query(max_length=64, description="Of this system only")] = None,
    states: Annotated[
        list[SourceState] | None, Query(alias="state", description="In one of these states only; may be repeated")
    ] = None,
    after: Annotated[str | None, Query(max_length=200, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Sources:
    """Every source that was ever heard or is declared, by system and device; up to 5 s old."""
    await require_city(state, city)
    rows = await state.sources.page(city, system=system, states=states or (), after=_place(after), limit=limit + 1)
    shown = [_source(row, lang) for row in rows[:limit]]
    return Sources(sources=shown, next=f"{shown[-1].system}/{shown[-1].device}" if len(rows) > limit else None)


@router.get("/summary")
async def summary(city: str, state: ApiState, lang: LangQuery = None) -> Summary:
    """How many sources are live, silent, frozen and drifting, and how many messages they may have lost."""
    await require_city(state, city)
    rows = [row for row in await state.sources.counts() if row["city"] == city]
    systems = {row["system"]: _system(row["system"], lang) for row in rows}
    total = _none()
    for row in rows:
        systems[row["system"]].states[row["state"]] = row["sources"]
        systems[row["system"]].missing += row["missing"]
        total[row["state"]] += row["sources"]
    return Summary(
        states=total,
        state_names=in_language(_NAMES, lang),
        missing=sum(one.missing for one in systems.values()),
        systems=list(systems.values()),
    )


def _system(code: str, lang: LangQuery) -> SystemSources:
    return SystemSources(system=code, name=in_language(system_names(code), lang), states=_none(), missing=0)


def _none() -> dict[SourceState, int]:
    return dict.fromkeys(STATES, 0)


def _place(after: str | None) -> tuple[str, str]:
    """From `system/device`. Raises SourceCursorError."""
    if after is None:
        return "", ""
    system, slash, device = after.partition("/")
    if not slash:
        raise SourceCursorError(after=after)
    return system, device


def _source(row: Any, lang: LangQuery) -> Source:
    return Source.model_validate({**row, "state_name": in_language(_NAMES[row["state"]], lang)})
