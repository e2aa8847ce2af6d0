"""What the situational centre publishes of what it shows: kinds of visualisation, and layers of the map."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from schemas import yaml_text
from schemas.catalogue import Text
from schemas.layers import Geometry, Of

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Path = Annotated[str, Field(pattern=r"^/[^\s]*$")]
MARK = 'data-visualisation="{code}"'
"""What a page says where it shows one."""


class LayerStep(BaseModel):
    """A step of a layer's legend, up to but without `below`."""

    below: float | None
    colour: str
    name: Text | str


class Visualisation(BaseModel):
    """A way of showing data, and the page that has it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "example": {"code": "table", "page": "/", "name": {"kk": "Кесте", "ru": "Таблица", "en": "Table"}}
        },
    )
    code: Code
    page: Path
    name: Text


class Layer(BaseModel):
    """A layer of the map; `url` serves its objects as GeoJSON, with `{city}` for the city's code."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "example": {
                "code": "air",
                "url": "/api/v1/layers/air?city={city}",
                "name": {"kk": "Ауа сапасы", "ru": "Качество воздуха", "en": "Air quality"},
                "geometry": "point",
                "shown": {"kk": "PM2.5 шоғырлануы", "ru": "Концентрация PM2.5", "en": "PM2.5 concentration"},
                "unit": "ug/m3",
                "unit_name": {"kk": "мкг/м³", "ru": "мкг/м³", "en": "µg/m³"},
                "value_of": "newest",
                "within_h": 2,
                "steps": [
                    {"below": 35, "colour": "#1a9850", "name": {"kk": "таза", "ru": "чисто", "en": "clean"}},
                    {"below": None, "colour": "#a50026", "name": {"kk": "ластанған", "ru": "грязно", "en": "polluted"}},
                ],
                "count": 40,
                "updated": "2026-11-22T18:00:01Z",
            }
        },
    )
    code: Code
    url: Path
    name: Text | str
    geometry: Geometry | None = None
    shown: Text | str | None = Field(default=None, description="what it is coloured by")
    unit: str | None = None
    unit_name: Text | str | None = None
    value_of: Of | None = Field(
        default=None,
        description="newest value, count, age of the newest, a KPI's attainment, or what the geometry states",
    )
    within_h: float | None = Field(default=None, description="how old a value may be, or how far back is counted")
    steps: list[LayerStep] = Field(
        default=[], description="the legend; a value belongs to the first whose below is more"
    )
    count: int | None = Field(default=None, description="objects in the city; null when no city was asked for")
    updated: datetime | None = Field(default=None, description="the newest value in the city")


class Shown(BaseModel):
    """What the plain page shows: `shown.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    visualisations: tuple[Visualisation, ...]


@cache
def load_shown() -> Shown:
    """The file; ValidationError for a typing slip in it."""
    return Shown.model_validate(yaml_text.parse((files("schemas") / "shown.yaml").read_text("utf-8")))
