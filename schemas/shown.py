"""What the situational centre shows: types of visualisation and layers of the map, in `shown.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Path = Annotated[str, Field(pattern=r"^/[^\s]*$")]
MARK = 'data-visualisation="{code}"'
"""What a page says where it shows one."""


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
                "code": "stops",
                "url": "/api/v1/cities/{city}/layers/stops",
                "name": {"kk": "Аялдамалар", "ru": "Остановки", "en": "Stops"},
            }
        },
    )
    code: Code
    url: Path
    name: Text


class Shown(BaseModel):
    """All of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    visualisations: tuple[Visualisation, ...]
    layers: tuple[Layer, ...]


@cache
def load_shown() -> Shown:
    """The file; ValidationError for a typing slip in it."""
    return Shown.model_validate(yaml.safe_load((files("schemas") / "shown.yaml").read_text("utf-8")))
