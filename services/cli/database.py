"""`ahual migrate` and `ahual city`: the schema, and the cities of an installation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from sqlalchemy.dialects.postgresql import insert

from deploy.migrations.run import upgrade
from schemas import tables, yaml_text
from schemas.catalogue import Category, Text
from services.cli.settings import load
from services.runtime.database import open_database
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings
from services.scorer import floors


class CityEntry(BaseModel):
    """One city of a cities file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")
    name: Text
    category: Category
    timezone: str
    additional_initiatives: int = Field(default=0, ge=0)

    @field_validator("timezone")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no such time zone: {name}") from error
        return name


class CitiesFile(BaseModel):
    """`cities:` with a list of entries."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cities: tuple[CityEntry, ...]


def register(app: typer.Typer) -> None:
    """`ahual migrate`, `ahual city apply`."""

    @app.command("migrate", help=text("cli.migrate"))
    def _migrate(
        since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=text("cli.migrate_since"))] = None,
    ) -> None:
        url = load(DatabaseSettings).database_url
        asyncio.run(upgrade(url))
        if since and not asyncio.run(open_past(url, since.replace(tzinfo=UTC))):
            typer.echo(text("cli.past_closed", day=since.date()), err=True)
            raise typer.Exit(1)

    city = typer.Typer(help=text("cli.city"), no_args_is_help=True)
    app.add_typer(city, name="city")

    @city.command("apply", help=text("cli.city_apply"))
    def _apply(file: Path) -> None:
        try:
            parsed = CitiesFile.model_validate(yaml_text.parse(file.read_text("utf-8")))
        except (OSError, yaml.YAMLError, ValidationError) as error:
            typer.echo(text("cli.bad_cities", file=file, problem=error), err=True)
            raise typer.Exit(2) from None
        asyncio.run(apply_cities(load(DatabaseSettings).database_url, parsed))
        typer.echo(text("cli.cities_applied", count=len(parsed.cities)))


async def open_past(url: SecretStr, since: datetime) -> bool:
    """Let a new installation take events from then on; False when its ledger has moved on already."""
    engine = open_database(url, pool_size=1, application="ahual-migrate")
    try:
        async with engine.begin() as connection:
            return await floors.open_past(connection, since)
    finally:
        await engine.dispose()


async def apply_cities(url: SecretStr, cities: CitiesFile) -> None:
    """Add or update cities; none is ever removed."""
    engine = open_database(url)
    try:
        async with engine.begin() as connection:
            for entry in cities.cities:
                row = entry.model_dump(mode="json")
                upsert = insert(tables.city).values(row)
                await connection.execute(upsert.on_conflict_do_update(index_elements=["code"], set_=row))
    finally:
        await engine.dispose()
