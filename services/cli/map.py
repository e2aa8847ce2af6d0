"""`ahual map`: the city's geometry, from GeoJSON files."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.features import MapFeatures
from services.cli.actor import actor
from services.cli.running import fail, with_database
from services.ingest import geometry
from services.ingest.register import RegisterError
from services.runtime.messages import text


def register(app: typer.Typer) -> None:
    """`ahual map`."""
    group = typer.Typer(help=text("registry.map_help"), no_args_is_help=True)
    group.command("import", help=text("registry.map_import_help"))(import_features)
    app.add_typer(group, name="map")


def import_features(
    city: Annotated[str, typer.Argument(help=text("ingest.key_city"))],
    kind: Annotated[str, typer.Argument(help=text("registry.map_kind"))],
    file: Annotated[Path, typer.Argument(help=text("registry.map_file"))],
    check: Annotated[bool, typer.Option("--check", help=text("registry.check"))] = False,
) -> None:
    """Make the features of a GeoJSON file the city's features of a kind, all or none."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,63}", kind):
        fail("registry.map_bad_kind", kind=kind)
    try:
        found = MapFeatures.model_validate_json(file.read_bytes())
    except (OSError, ValidationError) as error:
        fail("registry.bad_file", file=file, problem=_first(error))
    if check:
        typer.echo(text("registry.map_good", count=len(found.features)))
        return

    async def put(engine: AsyncEngine) -> int:
        try:
            return await geometry.put_features(engine, city, kind, found.features, actor())
        except RegisterError as error:
            fail(f"registry.{error.key}", **error.params)

    typer.echo(text("registry.map_imported", count=asyncio.run(with_database(put)), kind=kind, city=city))


def _first(error: OSError | ValidationError) -> str:
    if isinstance(error, OSError):
        return str(error)
    one = error.errors()[0]
    return f"{'.'.join(map(str, one['loc']))}: {one['msg']}"
