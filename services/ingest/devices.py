"""The record of device credentials: who may connect as what, since when, and who said so. Secrets are hashes only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.identity import Identity
from schemas.tables import CHANNEL_DEVICES, access_change, city, device, registered_device

Action = Literal["add", "rotate", "revoke", "register", "map"]
_NOTIFY: Final = sa.text("SELECT pg_notify(:channel, '')")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the broker has to know: password hashes by identity, and who may show a certificate."""

    passwords: Mapping[str, str]
    certificates: frozenset[str]
    edge_nodes: Mapping[str, str] = field(default_factory=dict)
    """`group/edge node` of Sparkplug B, by the identity that may speak as it."""


async def read(engine: AsyncEngine) -> Credentials:
    """Everybody who is let in."""
    nodes = sa.select(registered_device).where(registered_device.c.sparkplug.is_not(None))
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.select(device).where(device.c.revoked_at.is_(None)))).all()
        edges = (await connection.execute(nodes)).all()
    return Credentials(
        {_name(row): row.password_hash for row in rows if row.password_hash},
        frozenset(_name(row) for row in rows if row.certificate),
        {_name(row): row.sparkplug for row in edges},
    )


async def add(engine: AsyncEngine, identity: Identity, password_hash: str | None, actor: str) -> str | None:
    """Let a device in, with a password or (None) with a certificate; else what stands in the way.

    `device_unknown_city`, or `device_exists` for one that is let in already.
    """
    async with engine.begin() as connection:
        if await connection.scalar(sa.select(city.c.code).where(city.c.code == identity.city)) is None:
            return "device_unknown_city"
        there = await connection.scalar(sa.select(device.c.revoked_at.is_(None)).where(_is(identity)))
        if there:
            return "device_exists"
        now = {"created_at": sa.func.now(), "changed_at": sa.func.now(), "revoked_at": None}
        values = {"password_hash": password_hash, "certificate": password_hash is None, **now}
        upsert = insert(device).values(**identity._asdict(), **values)
        await connection.execute(upsert.on_conflict_do_update(index_elements=list(device.primary_key), set_=values))
        await _note(connection, actor, "add", identity)
    return None


async def rotate(engine: AsyncEngine, identity: Identity, password_hash: str | None, actor: str) -> bool:
    """Another secret of the same kind; False when no such device is let in."""
    values = {"password_hash": password_hash, "changed_at": sa.func.now()}
    return await _change(engine, identity, values, actor, "rotate")


async def revoke(engine: AsyncEngine, identity: Identity, actor: str) -> bool:
    """Let a device in no longer, and forget its hash; False when no such device is let in."""
    now = {"changed_at": sa.func.now(), "revoked_at": sa.func.now()}
    values = {"password_hash": None, "certificate": False, **now}
    return await _change(engine, identity, values, actor, "revoke")


async def by_certificate(engine: AsyncEngine, identity: Identity) -> bool | None:
    """Whether a device that is let in shows a certificate; None when it is not let in."""
    query = sa.select(device.c.certificate).where(_is(identity), device.c.revoked_at.is_(None))
    async with engine.connect() as connection:
        return (await connection.execute(query)).scalar_one_or_none()


async def listed(engine: AsyncEngine, of_city: str | None = None) -> list[dict[str, Any]]:
    """All devices that ever had credentials, without their hashes, by name."""
    query = sa.select(device).order_by(device.c.city, device.c.system, device.c.device)
    if of_city is not None:
        query = query.where(device.c.city == of_city)
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    return [
        {
            "device": _name(row),
            "kind": "certificate" if row.certificate else "password" if row.password_hash else None,
            "created_at": row.created_at,
            "changed_at": row.changed_at,
            "revoked_at": row.revoked_at,
        }
        for row in rows
    ]


async def note(connection: AsyncConnection, actor: str, action: Action, subject: str) -> None:
    """Write down who changed whose access."""
    who = sa.func.concat(actor, " as ", sa.func.session_user())
    await connection.execute(sa.insert(access_change).values(actor=who, action=action, subject=subject))


async def _change(
    engine: AsyncEngine, identity: Identity, values: Mapping[str, Any], actor: str, action: Action
) -> bool:
    async with engine.begin() as connection:
        statement = sa.update(device).where(_is(identity), device.c.revoked_at.is_(None)).values(**values)
        if not (await connection.execute(statement)).rowcount:
            return False
        await _note(connection, actor, action, identity)
    return True


async def _note(connection: AsyncConnection, actor: str, action: Action, identity: Identity) -> None:
    await note(connection, actor, action, str(identity))
    await connection.execute(_NOTIFY, {"channel": CHANNEL_DEVICES})


def _is(identity: Identity) -> sa.ColumnElement[bool]:
    return sa.and_(*(device.c[name] == value for name, value in identity._asdict().items()))


def _name(row: Any) -> str:
    return f"{row.city}/{row.system}/{row.device}"
