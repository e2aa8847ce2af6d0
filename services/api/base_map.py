"""The ground of the map: tiles of an address that the installation states, or none."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.api.state import ApiState
from services.api.tiles import is_archive, is_vector

router = APIRouter(prefix="/api/v1/base-map", tags=["map"])


class BaseMap(BaseModel):
    """What lies under the city's own layers."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"url": "/tiles/{z}/{x}/{y}.png", "kind": "tiles", "attribution": "© OSM"}}
    )
    url: str | None = Field(description="of tiles, with {z}, {x} and {y}, or of a PMTiles archive; null: there is none")
    kind: Literal["tiles", "vector", "pmtiles"] | None = Field(
        description="pictures, vectors (MVT), or an archive that says itself which"
    )
    attribution: str = Field(description="what the owner of the tiles wants to be said")


@router.get("")
async def base_map(state: ApiState) -> BaseMap:
    """Where the map finds its tiles."""
    url = state.settings.map_tiles
    if not url:
        return BaseMap(url=None, kind=None, attribution="")
    return BaseMap(url=url, kind=_kind(url), attribution=state.settings.map_attribution)


def _kind(url: str) -> Literal["tiles", "vector", "pmtiles"]:
    if is_archive(url):
        return "pmtiles"
    return "vector" if is_vector(url) else "tiles"
