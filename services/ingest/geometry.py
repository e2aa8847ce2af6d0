"""Writing the city's geometry: all features of one kind at once, all or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.features import MapFeature
from schemas.tables import city, city_feature
from services.ingest.devices import note
from services.ingest.register import RegisterError

NETWORKS: Final = ("water", "heat")


async def put_features(engine: AsyncEngine, of_city: str, kind: str, features: Iterable[MapFeature], actor: str) -> int:
    """Make these the city's features of the kind; how many. RegisterError for an unknown city, an id that comes twice,
    or a pipe between nodes that are not there."""
    rows = [{"city": of_city, "kind": kind, **feature.stored()} for feature in features]
    twice = _twice(row["object"] for row in rows)
    if twice:
        raise RegisterError("map_twice", object=twice)
    async with engine.begin() as connection:
        if await connection.scalar(sa.select(city.c.code).where(city.c.code == of_city)) is None:
            raise RegisterError("device_unknown_city", city=of_city)
        await _replace(connection, of_city, kind, rows)
        if kind.rpartition("_")[0] in NETWORKS:
            await _require_nodes(connection, of_city, kind.rpartition("_")[0])
        await note(connection, actor, "map", f"{of_city}: {len(rows)} {kind}")
    return len(rows)


async def _replace(connection: AsyncConnection, of_city: str, kind: str, rows: list[dict[str, object]]) -> None:
    ours = (city_feature.c.city == of_city) & (city_feature.c.kind == kind)
    await connection.execute(sa.delete(city_feature).where(ours))
    for begin in range(0, len(rows), 1000):
        await connection.execute(insert(city_feature), rows[begin : begin + 1000])


async def _require_nodes(connection: AsyncConnection, of_city: str, network: str) -> None:
    nodes = sa.select(city_feature.c.object).where(
        city_feature.c.city == of_city, city_feature.c.kind == f"{network}_node"
    )
    for end in ("from_node", "to_node"):
        named = city_feature.c.properties[end].astext
        lost = (
            sa.select(city_feature.c.object, named)
            .where(city_feature.c.city == of_city, city_feature.c.kind == f"{network}_edge")
            .where(sa.or_(named.is_(None), named.not_in(nodes)))
            .limit(1)
        )
        found = (await connection.execute(lost)).first()
        if found:
            raise RegisterError("map_no_node", edge=found[0], node=found[1] or end)


def _twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
