"""`ahual key add|list|rotate|revoke`: API keys of departmental systems."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.identity import Identity, parse_identity
from schemas.tables import api_key
from schemas.tables import city as city_table
from services.cli.actor import actor
from services.cli.running import fail, with_database
from services.ingest import keys
from services.ingest.devices import note
from services.runtime.messages import text


def register(app: typer.Typer) -> None:
    """`ahual key`."""
    group = typer.Typer(help=text("ingest.key_help"), no_args_is_help=True)
    app.add_typer(group, name="key")

    @group.command("add", help=text("ingest.key_add_help"))
    def _add(
        city: Annotated[str, typer.Argument(help=text("ingest.key_city"))],
        system: Annotated[str, typer.Argument(help=text("ingest.key_system"))],
        department: Annotated[str, typer.Argument(help=text("ingest.key_department"))],
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        owner = _owner(city, system, department)
        made = asyncio.run(with_database(lambda engine: add_key(engine, owner)))
        if made is None:
            fail("ingest.key_unknown_city", city=city)
        _print_key(made, owner, as_json=as_json)

    @group.command("list", help=text("ingest.key_list_help"))
    def _list(as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False) -> None:
        _print_keys(asyncio.run(with_database(list_keys)), as_json=as_json)

    @group.command("rotate", help=text("ingest.key_rotate_help"))
    def _rotate(
        key_id: Annotated[str, typer.Argument(help=text("ingest.key_id"))],
        overlap: Annotated[float, typer.Option(min=0, help=text("ingest.key_overlap_help"))] = 24,
        as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    ) -> None:
        made = asyncio.run(with_database(lambda engine: rotate_key(engine, key_id, timedelta(hours=overlap))))
        if made is None:
            fail("ingest.key_unknown", id=key_id)
        _print_key(*made, as_json=as_json)

    @group.command("revoke", help=text("ingest.key_revoke_help"))
    def _revoke(key_id: Annotated[str, typer.Argument(help=text("ingest.key_id"))]) -> None:
        if not asyncio.run(with_database(lambda engine: revoke_key(engine, key_id))):
            fail("ingest.key_unknown", id=key_id)
        typer.echo(text("ingest.key_revoked", id=key_id))


def _owner(city: str, system: str, department: str) -> Identity:
    try:
        return parse_identity(f"{city}/{system}/{department}")
    except ValueError:
        fail("ingest.key_bad_name", name=f"{city}/{system}/{department}")


def _print_key(made: keys.NewKey, owner: Identity, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"id": made.id, "key": made.text, "owner": str(owner)}))
        return
    typer.echo(made.text)
    typer.echo(text("ingest.key_once", owner=owner), err=True)


def _print_keys(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(rows, default=str, ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row['id']}  {row['owner']}  {row['created_at']:%Y-%m-%d %H:%M} UTC  {_state(row)}")
    if not rows:
        typer.echo(text("ingest.key_none"), err=True)


def _state(row: dict[str, Any]) -> str:
    """Whether a key lets anybody in, until when, and when it last did."""
    if row["revoked_at"]:
        return text("ingest.key_revoked_state")
    until, used = row["expires_at"], row["last_used_at"]
    state = text("ingest.key_until_state", moment=_minute(until)) if until else text("ingest.key_active_state")
    return f"{state}  {text('ingest.key_used', moment=_minute(used))}" if used else state


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


async def add_key(engine: AsyncEngine, owner: Identity) -> keys.NewKey | None:
    """Store a fresh key; None when the city is unknown."""
    made = keys.new_key()
    async with engine.begin() as connection:
        known = await connection.execute(sa.select(city_table.c.code).where(city_table.c.code == owner.city))
        if known.first() is None:
            return None
        row = {"city": owner.city, "system": owner.system, "department": owner.device}
        await connection.execute(sa.insert(api_key).values(id=made.id, sha256=made.sha256, **row))
        await note(connection, actor(), "add", f"key {made.id}")
    return made


async def rotate_key(engine: AsyncEngine, key_id: str, overlap: timedelta) -> tuple[keys.NewKey, Identity] | None:
    """A fresh key of the same owner; the old one ends after the overlap. None when it is unknown or ended already."""
    made = keys.new_key()
    active = sa.and_(
        api_key.c.id == key_id,
        api_key.c.revoked_at.is_(None),
        sa.or_(api_key.c.expires_at.is_(None), api_key.c.expires_at > sa.func.now()),
    )
    async with engine.begin() as connection:
        old = (await connection.execute(sa.select(api_key).where(active).with_for_update())).first()
        if old is None:
            return None
        row = {"city": old.city, "system": old.system, "department": old.department}
        await connection.execute(sa.insert(api_key).values(id=made.id, sha256=made.sha256, **row))
        ends = sa.func.least(api_key.c.expires_at, sa.func.now() + overlap)
        await connection.execute(sa.update(api_key).where(api_key.c.id == key_id).values(expires_at=ends))
        await note(connection, actor(), "rotate", f"key {key_id} to {made.id}")
    return made, Identity(old.city, old.system, old.department)


async def list_keys(engine: AsyncEngine) -> list[dict[str, Any]]:
    """All keys without their secret, oldest first."""
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.select(api_key).order_by(api_key.c.created_at))).all()
    return [
        {
            "id": row.id,
            "owner": f"{row.city}/{row.system}/{row.department}",
            "created_at": row.created_at,
            "revoked_at": row.revoked_at,
            "expires_at": row.expires_at,
            "last_used_at": row.last_used_at,
        }
        for row in rows
    ]


async def revoke_key(engine: AsyncEngine, key_id: str) -> bool:
    """Revoke a key from now on; False when there is none of this name. The intake knows within seconds."""
    async with engine.begin() as connection:
        found = await connection.execute(
            sa.update(api_key)
            .where(api_key.c.id == key_id)
            .values(revoked_at=sa.func.coalesce(api_key.c.revoked_at, sa.func.now()))
        )
        if found.rowcount:
            await note(connection, actor(), "revoke", f"key {key_id}")
    return bool(found.rowcount)
