"""`ahual device objects|vouch`: what the city has, and for which totals the registry may speak."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.inventories import load_inventories
from services.cli.actor import actor
from services.cli.device_registry import Check, File, read_rows
from services.cli.running import fail, with_database
from services.ingest import vouching
from services.ingest.register import RegisterError
from services.ingest.vouching import Thing
from services.runtime.clock import utc_now
from services.runtime.messages import text


def register_commands(group: typer.Typer) -> None:
    """Add these to `ahual device`."""
    group.command("objects", help=text("registry.objects_help"))(import_objects)
    group.command("vouch", help=text("registry.vouch_help"))(vouch)


def import_objects(file: File, check: Check = False) -> None:
    """Register the objects of a CSV file, all or none."""
    things = read_rows(Path(file), Thing)
    if check:
        typer.echo(text("registry.good_objects", count=len(things)))
        return

    async def put(engine: AsyncEngine) -> int:
        try:
            return await vouching.put_objects(engine, things, actor())
        except RegisterError as error:
            fail(f"registry.{error.key}", **error.params)

    typer.echo(text("registry.objects_registered", count=asyncio.run(with_database(put))))


def vouch(
    city: Annotated[str, typer.Argument(help=text("ingest.key_city"))],
    totals: Annotated[list[str], typer.Argument(help=text("registry.vouch_totals"))],
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=text("registry.vouch_since"))] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help=text("registry.vouch_withdraw"))] = False,
) -> None:
    """Say that the registry is complete for some totals: from then on it reports them itself."""
    known = load_inventories().totals
    unknown = [total for total in totals if total not in known]
    if unknown:
        fail("registry.unknown_total", unknown=", ".join(unknown), known=", ".join(known))
    day = (since or utc_now()).date()

    async def change(engine: AsyncEngine) -> int:
        try:
            if withdraw:
                return await vouching.withdraw(engine, city, totals, actor())
            await vouching.vouch(engine, city, totals, day, actor())
        except RegisterError as error:
            fail(f"registry.{error.key}", **error.params)
        return len(totals)

    count = asyncio.run(with_database(change))
    typer.echo(text("registry.withdrawn" if withdraw else "registry.vouched", count=count, city=city, since=day))
