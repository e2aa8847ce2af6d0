"""The cities this instance scores."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from schemas.catalogue import Category, Text
from schemas.tables import city as cities_table
from schemas.tables import cityscore_current as current
from services.api.errors import UnknownCityError
from services.api.language import LangQuery, in_language
from services.api.state import ApiState, State

router = APIRouter(prefix="/api/v1/cities", tags=["cities"])


class City(BaseModel):
    """A city; revision and time of its newest score are null until the first is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "code": "almaty",
                "name": {"kk": "Алматы", "ru": "Алматы", "en": "Almaty"},
                "category": "republican",
                "timezone": "Asia/Almaty",
                "additional_initiatives": 0,
                "revision": 1042,
                "computed_at": "2026-11-22T18:00:01Z",
            }
        }
    )
    code: str
    name: Text | str
    category: Category
    timezone: str
    additional_initiatives: int
    revision: int | None
    computed_at: datetime | None


@router.get("")
async def cities(state: ApiState, lang: LangQuery = None) -> list[City]:
    """All cities by code."""
    query = (
        sa.select(cities_table, current.c.revision, current.c.computed_at)
        .join_from(cities_table, current, cities_table.c.code == current.c.city, isouter=True)
        .order_by(cities_table.c.code)
    )
    async with state.engine.connect() as connection:
        rows = (await connection.execute(query)).mappings().all()
    return [City.model_validate(in_language(dict(row), lang)) for row in rows]


async def require_city(state: State, city: str) -> Category:
    """The city's category. Raises UnknownCityError."""
    query = sa.select(cities_table.c.category).where(cities_table.c.code == city)
    async with state.engine.connect() as connection:
        category = (await connection.execute(query)).scalar_one_or_none()
    if category is None:
        raise UnknownCityError(city=city[:100])
    return Category(category)
