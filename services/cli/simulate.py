"""`ahual simulate`: a city that reports, over MQTT and HTTP, and the truth to hold our figures against."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Container, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr
from rich.console import Console

from deploy.stack.stack import Stack
from schemas.identity import Identity, parse_identity
from services.cli.database import open_past
from services.cli.key import add_key, revoke_key
from services.cli.simulation import REGISTRY_S, Order, Target, oldest, register_sensors, run
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.ingest.keys import NewKey
from services.ingest.register import RegisterError
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.messages import text
from simulators.cities import CITIES, City
from simulators.faults import ORDINARY, Faults
from simulators.history import HistoryError
from simulators.load import Load
from simulators.moments import DAY, MINUTE, milliseconds
from simulators.publisher import RefusedError
from simulators.scenarios import LASTS, SCENARIOS, Scenario
from simulators.systems import SYSTEMS
from simulators.verify import Difference

LOAD_DEVICES = 4
"""Of each system, when nobody says how many."""
_UNITS = {"m": MINUTE, "h": 60 * MINUTE, "d": DAY}


def register(app: typer.Typer) -> None:
    """`ahual simulate`."""
    app.command("simulate", help=text("simulate.help"))(simulate)


def simulate(  # options of a command
    city: Annotated[str, typer.Option(help=text("simulate.city"))] = "karaganda",
    seed: Annotated[int, typer.Option(help=text("simulate.seed"))] = 1,
    system: Annotated[list[str] | None, typer.Option(help=text("simulate.system"))] = None,
    past: Annotated[str, typer.Option("--history", help=text("simulate.history"))] = "",
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help=text("simulate.until"))] = None,
    realtime: Annotated[bool, typer.Option("--realtime", help=text("simulate.realtime"))] = False,
    watched: Annotated[bool, typer.Option("--watched", help=text("simulate.watched"))] = False,
    rate: Annotated[float, typer.Option(min=0, help=text("simulate.rate"))] = 0,
    duration: Annotated[float, typer.Option(min=0.1, help=text("simulate.duration"))] = 60,
    devices: Annotated[int, typer.Option(min=0, max=10_000, help=text("simulate.devices"))] = 0,
    fault: Annotated[list[str] | None, typer.Option(help=text("simulate.fault"))] = None,
    scenario: Annotated[list[str] | None, typer.Option(help=text("simulate.scenario"))] = None,
    events: Annotated[Path | None, typer.Option(help=text("simulate.events"))] = None,
    truth: Annotated[Path | None, typer.Option(help=text("simulate.truth"))] = None,
    state: Annotated[Path | None, typer.Option(help=text("simulate.state"))] = None,
    verify: Annotated[bool, typer.Option("--verify", help=text("simulate.verify"))] = False,
    verify_timeout: Annotated[float, typer.Option(min=0, help=text("simulate.verify_timeout"))] = 180,
    mqtt: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_MQTT", help=text("simulate.mqtt"))] = "",
    intake: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_INTAKE", help=text("simulate.intake"))] = "",
    api: Annotated[str, typer.Option(envvar="AHUAL_SIMULATE_API", help=text("simulate.api"))] = "",
    credentials: Annotated[Path | None, typer.Option(help=text("simulate.credentials"))] = None,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Send what was asked for to the local stack, or to the addresses given; exit 1 on a difference."""
    # `kill` is the ordinary end of a city in the background: its keys are to be revoked.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    systems = _known(system or list(SYSTEMS), SYSTEMS, "simulate.unknown_system")
    faults = _faults(fault or [])
    end = milliseconds(until.replace(tzinfo=ZoneInfo("Asia/Almaty"))) if until else None
    order = Order(
        city=replace(_city(city, scenario or [], end or milliseconds(utc_now())), watched_from=0 if watched else None),
        seed=seed,
        systems=systems,
        devices=devices,
        faults=faults,
        history_ms=_milliseconds(past) if past else 0,
        until=end,
        realtime=realtime,
        load=Load(city, seed, rate, duration, devices or LOAD_DEVICES, systems, faults) if rate else None,
        events=events,
        truth=truth,
        state=state,
        verify=verify,
        verify_timeout=timedelta(seconds=verify_timeout),
    )
    names = [*(order.spread.identities if realtime else ()), *(order.load.identities if order.load else ())]
    console = Console()
    try:
        if mqtt or intake or api:
            target = _given(mqtt, intake, api, credentials)
            differences = asyncio.run(run(order, target, console))
        else:
            with one_sentence():
                stack = Stack(folder)
                passwords = stack.add_devices(map(str, names)) if names else {}
            differences = asyncio.run(_on_stack(order, stack, passwords, console))
    except (HistoryError, RefusedError, OSError, ExceptionGroup) as error:
        _fail("simulate.refused", problem=_first(error))
    except KeyboardInterrupt:
        return
    if differences:
        raise typer.Exit(1)


def _known(names: Iterable[str], known: Container[str], error: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(names))
    for name in chosen:
        if name not in known:
            _fail(error, given=name, known=", ".join(SYSTEMS))
    return chosen


def _city(code: str, scenarios: Iterable[str], end: int) -> City:
    """The simulated city, with its extraordinary days: each lasts its time, until `end` or from a date."""
    if code not in CITIES:
        _fail("simulate.unknown_city", city=code, known=", ".join(CITIES))
    found = []
    for given in scenarios:
        name, _, day = given.partition("=")
        scenario = next((one for one in SCENARIOS if one == name), None)
        if scenario is None:
            _fail("simulate.unknown_scenario", given=name, known=", ".join(SCENARIOS))
        begin = _midnight(day) if day else end - LASTS[scenario]
        found.append(Scenario(scenario, begin, begin + LASTS[scenario]))
    return replace(CITIES[code], scenarios=tuple(found))


def _midnight(day: str) -> int:
    try:
        return milliseconds(datetime.combine(date.fromisoformat(day), time(), ZoneInfo("Asia/Almaty")))
    except ValueError:
        _fail("simulate.bad_date", given=day)


def _faults(given: Sequence[str]) -> Faults:
    try:
        return Faults.stated(given)
    except ValueError as error:
        _fail("simulate.unknown_fault", given=str(error), known=", ".join(ORDINARY))


def _first(error: BaseException) -> BaseException:
    """The first of errors that came together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


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
        passwords = {parse_identity(name): secret for name, secret in read.items() if name not in SYSTEMS}
    except (OSError, ValueError) as error:
        _fail("simulate.bad_credentials", file=credentials, problem=error)
    keys = dict.fromkeys(SYSTEMS, os.environ.get("AHUAL_API_KEY", ""))
    keys |= {name: key for name, key in read.items() if name in SYSTEMS}
    return Target(host, int(port or 1883), passwords, intake, keys, api)


async def _on_stack(
    order: Order, stack: Stack, passwords: Mapping[str, str], console: Console
) -> list[Difference] | None:
    """Run against the local stack, with keys for the intake that are revoked at the end."""
    env = stack.env()
    if order.history_ms:
        # Where the floors have moved on already, what is too old becomes a dead letter that says so.
        begin = (order.until or milliseconds(utc_now())) - order.history_ms
        await open_past(SecretStr(env["AHUAL_DATABASE_URL"]), oldest(order.systems, begin))
    over_http = order.systems if order.history_ms else [s.name for s in order.departments] if order.realtime else ()
    async with intake_keys(SecretStr(env["AHUAL_DATABASE_URL"]), order.city.code, over_http) as keys:
        target = Target(
            mqtt_host="127.0.0.1",
            mqtt_port=int(env["AHUAL_DEVICE_MQTT_PORT"]),
            passwords={parse_identity(name): password for name, password in passwords.items()},
            intake=f"http://127.0.0.1:{env['AHUAL_INGEST_HTTP_PORT']}",
            keys=keys,
            api=f"http://127.0.0.1:{env['AHUAL_API_PORT']}",
        )
        try:
            await register_sensors(SecretStr(env["AHUAL_DATABASE_URL"]), order.city, target.passwords)
        except RegisterError:
            _fail("simulate.city_not_registered", city=order.city.code)
        if target.passwords and not order.history_ms:
            await asyncio.sleep(REGISTRY_S)
        return await run(order, target, console)


@asynccontextmanager
async def intake_keys(url: SecretStr, city: str, systems: Iterable[str]) -> AsyncIterator[dict[str, str]]:
    """A key per system for the HTTP intake, revoked at the end."""
    wanted = list(systems)
    if not wanted:
        yield {}
        return
    engine = open_database(url, pool_size=1, application="ahual-simulate")
    made: dict[str, NewKey] = {}
    try:
        for system in wanted:
            key = await add_key(engine, Identity(city, system, "simulator"))
            if key is None:
                _fail("simulate.city_not_registered", city=city)
            made[system] = key
        try:
            yield {system: key.text for system, key in made.items()}
        finally:
            for key in made.values():
                await revoke_key(engine, key.id)
    finally:
        await engine.dispose()


def _fail(key: str, **params: object) -> NoReturn:
    typer.secho(text(key, None, **params), err=True, fg=typer.colors.RED)
    raise typer.Exit(2)
