"""The ground of the map: tiles of an address that the installation states, or none."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.api.state import ApiState
from services.api.tiles import is_archive

router = APIRouter(prefix="/api/v1/base-map", tags=["map"])


class BaseMap(BaseModel):
    """What lies under the city's own layers."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"url": "/tiles/{z}/{x}/{y}.png", "kind": "tiles", "attribution": "© OSM"}}
    )
    url: str | None = Field(description="of tiles, with {z}, {x} and {y}, or of a PMTiles archive; null: there is none")
    kind: Literal["tiles", "pmtiles"] | None
    attribution: str = Field(description="what the owner of the tiles wants to be said")


@router.get("")
async def base_map(state: ApiState) -> BaseMap:
    """Where the map finds its tiles."""
    url = state.settings.map_tiles
    if not url:
        return BaseMap(url=None, kind=None, attribution="")
    kind: Literal["tiles", "pmtiles"] = "pmtiles" if is_archive(url) else "tiles"
    return BaseMap(url=url, kind=kind, attribution=state.settings.map_attribution)
