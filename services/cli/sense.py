"""`ahual sense`: geometry of a simulated city on the local stack, and what its networks' sensors measure."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from typing import Annotated, Final

import typer
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.features import MapFeatures
from schemas.identity import parse_identity
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.ingest.geometry import put_features
from services.ingest.register import put
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.messages import text
from simulators import gateways, geography
from simulators.cities import CITIES, City
from simulators.moments import HOUR

ACTOR: Final = "simulator"


def register(app: typer.Typer) -> None:
    """`ahual sense`: the simulated sensors of a city on the local stack."""
    app.command("sense", help=text("simulate.sense_help"))(sense)


def sense(
    city: Annotated[str, typer.Option(help=text("simulate.city"))] = "karaganda",
    seed: Annotated[int, typer.Option(help=text("simulate.seed"))] = 1,
    hours: Annotated[int, typer.Option(min=0, max=330, help=text("simulate.sense_hours"))] = 24,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Register the simulated sensors and geometry of a city, then send what the sensors measure, until stopped."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if city not in CITIES:
        typer.secho(text("simulate.unknown_city", city=city, known=", ".join(CITIES)), err=True, fg=typer.colors.RED)
        raise typer.Exit(2)
    with suppress(KeyboardInterrupt), one_sentence():
        stack = Stack(folder)
        asyncio.run(_sense(stack, CITIES[city], seed, hours))


async def _sense(stack: Stack, city: City, seed: int, hours: int) -> None:
    await survey(SecretStr(stack.env()["AHUAL_DATABASE_URL"]), city, seed)
    accounts = await asyncio.to_thread(stack.add_devices, map(str, gateways.identities(city)))
    passwords = {parse_identity(name): secret for name, secret in accounts.items()}
    port = int(stack.env()["AHUAL_DEVICE_MQTT_PORT"])
    await gateways.send(seed, city, "127.0.0.1", port, passwords, utc_now, hours * HOUR)


async def survey(url: SecretStr, city: City, seed: int) -> None:
    """Enter the city's geometry and sensors."""
    engine = open_database(url, pool_size=1, application="ahual-sense")
    try:
        await put_geometry(engine, city, seed)
        await put(engine, list(gateways.registry(seed, city)), ACTOR)
    finally:
        await engine.dispose()


async def put_geometry(engine: AsyncEngine, city: City, seed: int) -> None:
    """The simulated city's geometry, kind by kind, nodes before their pipes."""
    for kind in geography.KINDS:
        made = {"type": "FeatureCollection", "features": geography.features(seed, city, kind)}
        await put_features(engine, city.code, kind, MapFeatures.model_validate(made).features, ACTOR)
