"""What is really shown: a published type or layer counts only when page or layer bears it out."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urljoin

import httpx2
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas.shown import MARK, Layer, Visualisation
from services.probe.errors import UnseenError

M = TypeVar("M", bound=BaseModel)


class Counts(NamedTuple):
    """Totals by the names that KPIs 1.3, 1.6 and 1.5 read."""

    visualisation_types: int
    gis_layers: int
    critical_objects_mapped: int


async def count(page: str, city: str, timeout_s: float, tls: ssl.SSLContext | bool, token: str = "") -> Counts:
    """Follow the published lists; UnseenError when one of them does not answer as it should.

    A layer without an object that has a place is none. `token` opens the map where it is not public.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx2.AsyncClient(verify=tls, trust_env=False, timeout=timeout_s, headers=headers) as client:
        listed = await _listed(client, urljoin(page, "/api/v1/visualisations"), Visualisation)
        bodies = {path: await _text(client, urljoin(page, path)) for path in {shown.page for shown in listed}}
        layers = await _listed(client, urljoin(page, "/api/v1/layers"), Layer)
        objects = [await _objects(client, urljoin(page, layer.url.replace("{city}", city))) for layer in layers]
    borne_out = [found for found in objects if found and any(map(_placed, found))]
    return Counts(
        visualisation_types=len({shown.code for shown in listed if MARK.format(code=shown.code) in bodies[shown.page]}),
        gis_layers=len(borne_out),
        critical_objects_mapped=len(set().union(*map(_critical, borne_out))),
    )


async def _listed(client: httpx2.AsyncClient, address: str, kind: type[M]) -> list[M]:
    try:
        answer = await client.get(address)
        answer.raise_for_status()
        return TypeAdapter(list[kind]).validate_json(answer.content)  # type: ignore[valid-type]  # known at run time
    except (httpx2.HTTPError, ValidationError) as error:
        raise UnseenError(f"{address}: {error}") from error


async def _text(client: httpx2.AsyncClient, address: str) -> str:
    """A page's text; empty when it is not there, so that it shows nothing."""
    try:
        answer = await client.get(address)
    except httpx2.HTTPError:
        return ""
    return answer.text if answer.status_code == httpx2.codes.OK else ""


async def _objects(client: httpx2.AsyncClient, address: str) -> list[Any] | None:
    """The features of a GeoJSON layer; None when it is none."""
    try:
        answer = await client.get(address)
        features = answer.raise_for_status().json()["features"]
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return None
    return features if isinstance(features, list) else None


def _placed(feature: Any) -> bool:
    return isinstance(feature, dict) and bool(feature.get("geometry"))


def _critical(features: Iterable[Any]) -> set[str]:
    """Ids of the critical ones that have a place; the same object in two layers is one."""
    return {
        str(feature["id"])
        for feature in features
        if _placed(feature)
        and feature.get("id") is not None
        and (feature.get("properties") or {}).get("critical") is True
    }
