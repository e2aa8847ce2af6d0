"""`ahual demo`: everything, with a simulated city, until Ctrl-C."""

from __future__ import annotations

import asyncio
import fcntl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import httpx2
import sqlalchemy as sa
import typer
import yaml
from pydantic import SecretStr
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.migrations.run import upgrade
from deploy.stack import Program, Stack, StackError
from deploy.stack.ports import require_free
from deploy.stack.progress import ConsoleProgress
from deploy.stack.tools import wait_until, write_private
from schemas import tables
from schemas.identity import Identity
from services.cli.database import CitiesFile, apply_cities
from services.cli.ingest import add_key
from services.cli.meter import Meter, line, parse
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.messages import text
from simulators import contact_centre, history
from simulators.cities import CITIES
from simulators.delivered import Delivered
from simulators.facts import SYSTEM
from simulators.moments import DAY, milliseconds
from simulators.requests import LONGEST_LIFE

CITY: Final = CITIES["karaganda"]
DEVICE: Final = f"{CITY.code}/{SYSTEM}/visitor"
SEED: Final = 109
HISTORY: Final = timedelta(days=31) + timedelta(milliseconds=LONGEST_LIFE)
"""A month's window, and before it whatever may be due in it."""
SERVICES: Final = {"ingest": "ingest_http", "scorer": "metrics_scorer", "api": "api"}
"""Our processes and the port that tells that they run."""
READY_S: Final = 30.0
BUSY_S: Final = 12 * 3600
"""After this long the busy devices end and are started again."""


def register(app: typer.Typer) -> None:
    """`ahual demo`."""
    app.command("demo", help=text("demo.help"))(demo)


def demo(folder: Folder = DEFAULT_FOLDER) -> None:
    """Start everything, show where it is and how it does, stop it all on Ctrl-C."""
    console = Console()
    with one_sentence():
        stack = Stack(folder, progress=ConsoleProgress(console))
        with sole_demo(stack), stopped_at_the_end(stack, console):
            start(stack, ConsoleProgress(console, "demo"))
            add_demo_device(stack)
            where = {**stack.ports.model_dump(), "folder": stack.layout.folder, "city": CITY.code}
            console.print(text("demo.urls", **where), highlight=False, markup=False, soft_wrap=True)
            asyncio.run(load_history(stack, console))
            simulate(stack)
            watch(stack, console)


@contextmanager
def sole_demo(stack: Stack) -> Iterator[None]:
    """One demo per folder; what an earlier one left running after a `kill -9` is ended first."""
    stack.layout.make()
    with (stack.layout.folder / "demo.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StackError("demo_runs", folder=stack.layout.folder) from None
        stack.down()
        yield


@contextmanager
def stopped_at_the_end(stack: Stack, console: Console) -> Iterator[None]:
    """Ctrl-C is the ordinary end; whatever the end is, nothing is left running."""
    try:
        yield
    except KeyboardInterrupt:
        console.print()
    finally:
        with ConsoleProgress(console).step("stopping"):
            stack.down()


def start(stack: Stack, progress: ConsoleProgress) -> None:
    """The servers, the schema, the city, and our three services."""
    require_free(stack.ports, SERVICES.values())
    stack.up()
    with progress.step("migrating"):
        asyncio.run(_set_up(SecretStr(stack.env()["AHUAL_DATABASE_URL"])))
    for name in SERVICES:
        stack.start(Program(name=name, argv=(_ahual(), name)))
    for name, port in SERVICES.items():
        with progress.step("starting", name=name):
            wait_until(
                lambda port=port: _answers(getattr(stack.ports, port)),  # type: ignore[misc]
                seconds=READY_S,
                failure=lambda name=name: _not_ready(stack, name),  # type: ignore[misc]
            )


async def _set_up(url: SecretStr) -> None:
    await upgrade(url)
    cities = yaml.safe_load((files("deploy") / "demo" / "cities.yaml").read_text("utf-8"))
    await apply_cities(url, CitiesFile.model_validate(cities))


def add_demo_device(stack: Stack) -> None:
    """An account for the visitor's own messages; name and password stand in `demo.env`, for a shell to read."""
    password = stack.add_device(DEVICE)
    lines = (
        f"AHUAL_DEMO_DEVICE={DEVICE}",
        f"AHUAL_DEMO_PASSWORD={password}",
        f"AHUAL_DEMO_MQTT_PORT={stack.ports.mqtt}",
    )
    write_private(stack.layout.folder / "demo.env", "\n".join(lines) + "\n")


def _ahual() -> str:
    """The command beside the Python that runs us; PATH may not name it."""
    return str(Path(sys.executable).with_name("ahual"))


def _answers(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=2, trust_env=False).status_code in (200, 404)
    except httpx2.TransportError:
        return False


def _not_ready(stack: Stack, name: str) -> StackError:
    return StackError("not_ready", name=name, seconds=round(READY_S), detail="", log=stack.layout.log(name))


async def load_history(stack: Stack, console: Console) -> None:
    """Send what happened since the newest stored event, or the whole history, through the HTTP intake."""
    env = stack.env()
    engine = open_database(SecretStr(env["AHUAL_DATABASE_URL"]), pool_size=1, application="ahual-demo")
    try:
        key = await add_key(engine, Identity(CITY.code, SYSTEM, "history"))
        activity = tables.source_activity.c
        async with engine.connect() as connection:
            newest = await connection.scalar(sa.select(sa.func.max(activity.newest)).where(activity.city == CITY.code))
    finally:
        await engine.dispose()
    if key is None:
        raise LookupError(CITY.code)
    now = utc_now()
    begin, end = milliseconds(newest or now - HISTORY) + 1, milliseconds(now)
    expected = round((end - begin) / DAY * (CITY.rates.calls + 2 * CITY.rates.requests))
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as bar:
        days = round((end - begin) / DAY, 1)
        task = bar.add_task(text("demo.history", days=days), total=max(1, expected))
        facts = contact_centre.facts(SEED, CITY, begin, end)
        url = f"http://127.0.0.1:{stack.ports.ingest_http}"
        sent = await history.send(
            CITY, facts, url, key.text, Delivered(), lambda accepted: bar.update(task, completed=accepted)
        )
        bar.update(task, completed=sent, total=max(1, sent))


def simulate(stack: Stack) -> None:
    """The city's devices, publishing over MQTT from now on, and a few busier ones: a city's night is quiet."""
    city = (_ahual(), "simulate", "--city", CITY.code, "--seed", str(SEED))
    busy = ("--rate", "2", "--duration", str(BUSY_S), "--devices", "4")
    stack.start(Program(name="city", argv=(*city, "--realtime")))
    stack.start(Program(name="busy-devices", argv=(*city, *busy)))


def watch(stack: Stack, console: Console) -> None:
    """The live line, once a second, until Ctrl-C."""
    meter = Meter()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while True:
            snapshot = _read(stack, meter)
            live.update(line(snapshot, meter), refresh=True)
            time.sleep(1)


def _read(stack: Stack, meter: Meter) -> Any:
    """The newest snapshot; None while the API is away."""
    base = "http://127.0.0.1"
    try:
        metrics = httpx2.get(f"{base}:{stack.ports.metrics_scorer}/metrics", timeout=2, trust_env=False)
        meter.add(parse(metrics.text, time.monotonic()))
        url = f"{base}:{stack.ports.api}/api/v1/cities/{CITY.code}/cityscore"
        answer = httpx2.get(url, timeout=2, trust_env=False)
    except httpx2.TransportError:
        return None
    return answer.json() if answer.status_code == 200 else None
