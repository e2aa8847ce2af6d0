"""The city's geometry as it is imported: GeoJSON features of one kind, with what a scheme needs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.catalogue import Text
from schemas.events.envelope import District
from schemas.observed import Word

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Point = tuple[Longitude, Latitude]
Line = Annotated[tuple[Point, ...], Field(min_length=2)]
Ring = Annotated[tuple[Point, ...], Field(min_length=4)]
Id = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f/]+$")]
Network = Literal["water", "heat"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class PointGeometry(_Frozen):
    """A place, WGS 84."""

    type: Literal["Point"]
    coordinates: Point


class LineGeometry(_Frozen):
    """A road, a pipe."""

    type: Literal["LineString"]
    coordinates: Line


class PolygonGeometry(_Frozen):
    """A district."""

    type: Literal["Polygon"]
    coordinates: Annotated[tuple[Ring, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _closed(self) -> Self:
        if any(ring[0] != ring[-1] for ring in self.coordinates):
            raise ValueError("a ring ends where it began (RFC 7946, 3.1.6)")
        return self


class MultiPolygonGeometry(_Frozen):
    """A district in several pieces."""

    type: Literal["MultiPolygon"]
    coordinates: Annotated[tuple[tuple[Ring, ...], ...], Field(min_length=1)]


Geometry = Annotated[PointGeometry | LineGeometry | PolygonGeometry | MultiPolygonGeometry, Field(discriminator="type")]


class Limits(_Frozen):
    """What a quantity has to stay within; outside, a scheme shows an alarm."""

    least: float | None = None
    most: float | None = None


class FeatureProperties(_Frozen):
    """What is said of a feature. `from_node`, `to_node`, `limits` are a network's, by quantity in its own unit."""

    name: Text
    district: District | None = None
    critical: bool = False
    role: Word | None = None
    """In a network: source, pump, tank, chamber, substation, consumer …"""
    from_node: Id | None = None
    to_node: Id | None = None
    limits: dict[str, Limits] = {}
    diameter_mm: Annotated[float, Field(gt=0)] | None = None
    height_m: Annotated[float, Field(gt=0)] | None = None


class MapFeature(_Frozen):
    """A feature; `id` names it within its kind."""

    type: Literal["Feature"]
    id: Id
    geometry: Geometry
    properties: FeatureProperties

    def stored(self) -> dict[str, Any]:
        """The columns of `city_feature`, without city and kind."""
        said = self.properties.model_dump(mode="json", exclude={"name", "district", "critical"}, exclude_defaults=True)
        return {
            "object": self.id,
            "name": self.properties.name.model_dump(),
            "geometry": self.geometry.model_dump(mode="json"),
            "district": self.properties.district,
            "critical": self.properties.critical,
            "properties": said,
        }


class MapFeatures(_Frozen):
    """A file of one kind."""

    type: Literal["FeatureCollection"]
    features: tuple[MapFeature, ...]
