"""`ahual source`: how often sources are expected to report, and forgetting those that are gone for good."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final, NoReturn

import sqlalchemy as sa
import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from sqlalchemy.dialects.postgresql import insert

from schemas import yaml_text
from schemas.identity import Identity, parse_identity
from schemas.tables import city, source_channel, source_device, source_registry
from services.cli.settings import load
from services.runtime.database import open_database
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings

_NAME: Final = r"^[a-z0-9][a-z0-9_.-]{0,63}$"


class Entry(BaseModel):
    """One source, or every source of a system when no device is named."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    city: str = Field(pattern=_NAME)
    system: str = Field(pattern=_NAME)
    device: str = Field(default="", pattern=rf"^$|{_NAME}")
    interval_s: float = Field(gt=0)


class SourcesFile(BaseModel):
    """`sources:` with a list of entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[Entry, ...]


class UnknownCityError(LookupError):
    """An entry's city is not registered."""


def register(app: typer.Typer) -> None:
    """`ahual source apply|forget`."""
    group = typer.Typer(help=text("source.help"), no_args_is_help=True)
    app.add_typer(group, name="source")

    @group.command("apply", help=text("source.apply"))
    def _apply(file: Annotated[Path, typer.Argument(help=text("source.file"))]) -> None:
        try:
            parsed = SourcesFile.model_validate(yaml_text.parse(file.read_text("utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            _fail("source.bad_file", file=file, problem=error)
        try:
            asyncio.run(apply_sources(load(DatabaseSettings).database_url, parsed))
        except UnknownCityError as error:
            _fail("source.unknown_city", city=error)
        typer.echo(text("source.applied", count=len(parsed.sources)))

    @group.command("forget", help=text("source.forget"))
    def _forget(source: Annotated[str, typer.Argument(help=text("source.name"))]) -> None:
        try:
            identity = parse_identity(source)
        except ValueError as error:
            _fail("source.bad_name", problem=error)
        if not asyncio.run(forget_source(load(DatabaseSettings).database_url, identity)):
            _fail("source.unknown", source=identity)
        typer.echo(text("source.forgotten", source=identity))


def _fail(key: str, **params: object) -> NoReturn:
    typer.echo(text(key, None, **params), err=True)
    raise typer.Exit(2)


async def apply_sources(url: SecretStr, file: SourcesFile) -> None:
    """Declare or change intervals, all or none; none is ever removed. UnknownCityError names the first such city."""
    engine = open_database(url)
    try:
        async with engine.begin() as connection:
            known = set((await connection.execute(sa.select(city.c.code))).scalars())
            for entry in file.sources:
                if entry.city not in known:
                    raise UnknownCityError(entry.city)
                row = entry.model_dump()
                upsert = insert(source_registry).values(row)
                key = ["city", "system", "device"]
                await connection.execute(upsert.on_conflict_do_update(index_elements=key, set_=row))
    finally:
        await engine.dispose()


async def forget_source(url: SecretStr, source: Identity) -> bool:
    """Remove a source and its declaration; False when there was neither. It is back once it reports again."""
    engine = open_database(url)
    try:
        async with engine.begin() as connection:
            forgotten = False
            for table in (source_device, source_channel, source_registry):
                columns = sa.tuple_(table.c.city, table.c.system, table.c.device)
                gone = await connection.execute(sa.delete(table).where(columns == source).returning(table.c.device))
                forgotten = bool(gone.all()) or forgotten
            return forgotten
    finally:
        await engine.dispose()
