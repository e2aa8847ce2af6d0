"""Objects of the registry, and which totals a city vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Self

import sqlalchemy as sa
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.device import Attachment, Part, Text
from schemas.events.envelope import District
from schemas.inventories import Network
from schemas.tables import city, complete_total, registered_object
from services.ingest.devices import note
from services.ingest.register import RegisterError


def _of_cell(given: object) -> object:
    return tuple(given.split()) if isinstance(given, str) else given


class Thing(BaseModel):
    """An object of the city that inventories count: a building, a stop, a container site …"""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    city: Part
    kind: Attachment
    object: Annotated[Text, Field(min_length=1)]
    label: Text = ""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    district: District | None = None
    networks: Annotated[tuple[Network, ...], BeforeValidator(_of_cell)] = ()
    """In a table's cell with blanks between them."""
    since: date | None = None
    until: date | None = None

    @model_validator(mode="after")
    def _placed(self) -> Self:
        if (self.latitude is None) != (self.longitude is None):
            raise ValueError("latitude and longitude belong together")
        return self


async def put_objects(engine: AsyncEngine, things: Sequence[Thing], actor: str) -> int:
    """Add objects or replace their entries, all or none; how many. RegisterError for an unknown city."""
    async with engine.begin() as connection:
        known = set((await connection.execute(sa.select(city.c.code))).scalars())
        for thing in things:
            if thing.city not in known:
                raise RegisterError("device_unknown_city", city=thing.city)
            row = {**thing.model_dump(), "networks": list(thing.networks), "changed_at": sa.func.now()}
            upsert = insert(registered_object).values(row)
            key = ["city", "kind", "object"]
            await connection.execute(upsert.on_conflict_do_update(index_elements=key, set_=row))
        await note(connection, actor, "register", f"{len(things)} objects")
    return len(things)


async def vouch(engine: AsyncEngine, of_city: str, totals: Sequence[str], since: date, actor: str) -> None:
    """The city says that the registry is complete for these totals from a day on. RegisterError for an unknown city."""
    async with engine.begin() as connection:
        if await connection.scalar(sa.select(city.c.code).where(city.c.code == of_city)) is None:
            raise RegisterError("device_unknown_city", city=of_city)
        for total in totals:
            row = {"city": of_city, "total": total, "since": since}
            upsert = insert(complete_total).values(row)
            await connection.execute(upsert.on_conflict_do_update(index_elements=["city", "total"], set_=row))
        await note(connection, actor, "register", f"{of_city} vouches for {', '.join(totals)}"[:500])


async def withdraw(engine: AsyncEngine, of_city: str, totals: Sequence[str], actor: str) -> int:
    """Vouch no longer; for how many of them the city did."""
    mine = sa.and_(complete_total.c.city == of_city, complete_total.c.total.in_(totals))
    async with engine.begin() as connection:
        gone = await connection.execute(sa.delete(complete_total).where(mine))
        await note(connection, actor, "register", f"{of_city} withdraws {', '.join(totals)}"[:500])
    return int(gone.rowcount)
