"""What people were told, or wait to be told, of a city: the messages of `ahual notify`, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text
from schemas.tables import notice, notice_state
from services.api.cities import require_city
from services.api.examples import NOTICE
from services.api.language import LangQuery, in_language
from services.api.state import ApiState
from services.runtime.messages import LANGUAGES
from services.runtime.notices import line

router = APIRouter(prefix="/api/v1/cities/{city}", tags=["operations"])
NEWEST: Final = 100
EVERYWHERE: Final = ""
"""City of what concerns the installation: everybody is shown it."""


class Notice(BaseModel):
    """One message to one way."""

    model_config = ConfigDict(json_schema_extra={"example": NOTICE})
    id: int
    at: datetime = Field(description="when it was decided")
    rule: str
    kind: str = Field(description="kpi, band, silent, overdue or ledger")
    subject: str = Field(description="KPI, system, Kafka partition, `index` or `deliveries`")
    what: str = Field(description="raised, reminded or cleared")
    stands: bool = Field(description="whether it is still raised")
    text: Text | str
    way: str
    due_at: datetime = Field(description="after quiet hours")
    sent_at: datetime | None
    dropped_at: datetime | None = Field(description="taken back: well again before anybody heard of it")
    attempts: int = Field(description="that were refused")
    failure: str | None = Field(description="why the newest attempt was refused")


@router.get("/notices")
async def notices(
    city: str,
    state: ApiState,
    standing: Annotated[bool, Query(description="Only of what is still raised")] = False,
    before: Annotated[int | None, Query(ge=0, le=2**62, description="Smallest id of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = NEWEST,
    lang: LangQuery = None,
) -> list[Notice]:
    """Newest first, those of the whole installation among them; `before` the last id of a page is the next page."""
    await require_city(state, city)
    query = _query(city, before, limit)
    if standing:
        query = query.where(_RAISED)
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [Notice.model_validate(in_language(_shown(row), lang)) for row in rows]


_RAISED: Final = sa.and_(
    sa.func.coalesce(notice_state.c.raised_at <= notice.c.at, sa.false()), notice.c.what != sa.literal("cleared")
)
_SHOWN: Final = [notice.c[name] for name in Notice.model_fields if name not in ("stands", "text")]


def _query(city: str, before: int | None, limit: int) -> sa.Select[Any]:
    of = sa.and_(*(notice.c[name] == notice_state.c[name] for name in ("rule", "city", "subject")))
    query = (
        sa.select(*_SHOWN, notice.c.facts, _RAISED.label("stands"))
        .join_from(notice, notice_state, of, isouter=True)
        .where(notice.c.city.in_((city, EVERYWHERE)))
        .order_by(notice.c.id.desc())
        .limit(limit)
    )
    return query if before is None else query.where(notice.c.id < before)


def _shown(row: Any) -> dict[str, Any]:
    shown = {name: value for name, value in row.items() if name != "facts"}
    return {**shown, "text": {lang: line(row["kind"], row["what"], row["facts"], lang) for lang in LANGUAGES}}
