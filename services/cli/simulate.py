"""`ahual simulate`: a city that reports, over MQTT and HTTP, and the truth to hold our figures against."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import SecretStr
from rich.console import Console

from deploy.stack.stack import Stack
from schemas.identity import Identity, parse_identity
from services.cli.ingest import add_key, revoke_key
from services.cli.simulation import Order, Target, realtime_devices, run
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.runtime.database import open_database
from services.runtime.messages import text
from simulators import load
from simulators.cities import CITIES
from simulators.devices import DeviceError
from simulators.history import HistoryError
from simulators.moments import DAY, MINUTE
from simulators.publisher import RefusedError
from simulators.verify import Difference

_UNITS = {"m": MINUTE, "h": 60 * MINUTE, "d": DAY}


def register(app: typer.Typer) -> None:
    """`ahual simulate`."""
    app.command("simulate", help=text("simulate.help"))(simulate)


def simulate(  # options of a command
    city: Annotated[str, typer.Option(help=text("simulate.city"))] = "karaganda",
    seed: Annotated[int, typer.Option(help=text("simulate.seed"))] = 1,
    past: Annotated[str, typer.Option("--history", help=text("simulate.history"))] = "",
    realtime: Annotated[bool, typer.Option("--realtime", help=text("simulate.realtime"))] = False,
    rate: Annotated[float, typer.Option(min=0, help=text("simulate.rate"))] = 0,
    duration: Annotated[float, typer.Option(min=0.1, help=text("simulate.duration"))] = 60,
    connections: Annotated[int, typer.Option("--devices", min=1, max=1000, help=text("simulate.devices"))] = 4,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help=text("simulate.duplicates"))] = 0,
    disorder: Annotated[float, typer.Option(min=0, max=1, help=text("simulate.disorder"))] = 0,
    lateness: Annotated[float, typer.Option(min=0, max=1, help=text("simulate.lateness"))] = 0,
    loss: Annotated[float, typer.Option(min=0, max=1, help=text("simulate.loss"))] = 0,
    drifting: Annotated[int, typer.Option(min=0, help=text("simulate.drifting"))] = 0,
    frozen: Annotated[int, typer.Option(min=0, help=text("simulate.frozen"))] = 0,
    silent: Annotated[int, typer.Option(min=0, help=text("simulate.silent"))] = 0,
    truth: Annotated[Path | None, typer.Option(help=text("simulate.truth"))] = None,
    state: Annotated[Path | None, typer.Option(help=text("simulate.state"))] = None,
    verify: Annotated[bool, typer.Option("--verify", help=text("simulate.verify"))] = False,
    verify_timeout: Annotated[float, typer.Option(min=0, help=text("simulate.verify_timeout"))] = 60,
    mqtt: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_MQTT", help=text("simulate.mqtt"))] = "",
    intake: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_INTAKE", help=text("simulate.intake"))] = "",
    api: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_API", help=text("simulate.api"))] = "",
    credentials: Annotated[Path | None, typer.Option(help=text("simulate.credentials"))] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Send what was asked for to the local stack, or to the addresses given; exit 1 on a difference."""
    if city not in CITIES:
        _fail("simulate.unknown_city", city=city, known=", ".join(CITIES))
    if drifting + frozen + silent > connections:
        _fail("simulate.too_many_faults", faults=drifting + frozen + silent, devices=connections)
    plain = load.Load(city, seed, rate, duration, connections, duplicates, disorder, lateness)
    wanted = replace(plain, loss=loss, drifting=drifting, frozen=frozen, silent=silent) if rate else None
    order = Order(
        city=CITIES[city],
        seed=seed,
        history_ms=_milliseconds(past) if past else 0,
        realtime=realtime,
        load=wanted,
        truth=truth,
        state=state,
        verify=verify,
        verify_timeout=timedelta(seconds=verify_timeout),
    )
    names = [*realtime_devices(city), *(wanted.identities if wanted else ())]
    console = Console()
    try:
        if mqtt or intake or api:
            target = _given(mqtt, intake, api, credentials)
            differences = asyncio.run(run(order, target, console))
        else:
            with one_sentence():
                stack = Stack(folder)
                passwords = stack.add_devices(map(str, names)) if realtime or wanted else {}
            differences = asyncio.run(_on_stack(order, stack, passwords, console))
    except (HistoryError, DeviceError, RefusedError, OSError) as error:
        _fail("simulate.refused", problem=error)
    except KeyboardInterrupt:
        return
    if differences:
        raise typer.Exit(1)


def _milliseconds(length: str) -> int:
    found = re.fullmatch(r"(\d{1,5})([mhd])", length)
    if not found:
        _fail("simulate.bad_length", given=length)
    return int(found[1]) * _UNITS[found[2]]


def _given(mqtt: str, intake: str, api: str, credentials: Path | None) -> Target:
    """Addresses of an installation that is not the local stack."""
    host, _, port = mqtt.partition(":")
    try:
        read: dict[str, str] = json.loads(credentials.read_text("utf-8")) if credentials else {}
        passwords = {parse_identity(name): password for name, password in read.items()}
    except (OSError, ValueError) as error:
        _fail("simulate.bad_credentials", file=credentials, problem=error)
    return Target(host, int(port or 1883), passwords, intake, os.environ.get("AHUAL_API_KEY", ""), api)


async def _on_stack(
    order: Order, stack: Stack, passwords: Mapping[str, str], console: Console
) -> list[Difference] | None:
    """Run against the local stack, with a key for the intake that is revoked at the end."""
    env = stack.env()
    async with _intake_key(SecretStr(env["AHUAL_DATABASE_URL"]), order) as key:
        target = Target(
            mqtt_host="127.0.0.1",
            mqtt_port=int(env["AHUAL_DEVICE_MQTT_PORT"]),
            passwords={parse_identity(name): password for name, password in passwords.items()},
            intake=f"http://127.0.0.1:{env['AHUAL_INGEST_HTTP_PORT']}",
            key=key,
            api=f"http://127.0.0.1:{env['AHUAL_API_PORT']}",
        )
        return await run(order, target, console)


@asynccontextmanager
async def _intake_key(url: SecretStr, order: Order) -> AsyncIterator[str]:
    if not order.history_ms:
        yield ""
        return
    engine = open_database(url, pool_size=1, application="ahual-simulate")
    try:
        made = await add_key(engine, Identity(order.city.code, "contact-centre", "simulator"))
        if made is None:
            _fail("simulate.city_not_registered", city=order.city.code)
        try:
            yield made.text
        finally:
            await revoke_key(engine, made.id)
    finally:
        await engine.dispose()


def _fail(key: str, **params: object) -> NoReturn:
    typer.secho(text(key, None, **params), err=True, fg=typer.colors.RED)
    raise typer.Exit(2)
