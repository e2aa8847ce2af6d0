"""`ahual demo`: everything, with a simulated city, until Ctrl-C."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx2
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy import make_url

from deploy.migrations.run import upgrade
from deploy.stack import Program, Stack, StackError
from deploy.stack.errors import plain_errors
from deploy.stack.ports import require_free
from deploy.stack.progress import ConsoleProgress
from deploy.stack.tools import wait_until, write_private
from schemas import yaml_text
from schemas.identity import Identity
from schemas.users import EVERYWHERE, Grant
from services.api import accounts, passwords
from services.cli.database import CitiesFile, apply_cities, open_past
from services.cli.export import ensure_keys
from services.cli.key import add_key, list_keys, revoke_key
from services.cli.meter import Meter, line, parse
from services.cli.sense import survey
from services.cli.simulation import Past, oldest, tell_past
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.ingest.keys import NewKey
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.messages import text
from simulators.cities import CITIES
from simulators.coverage import Coverage
from simulators.delivered import Delivered
from simulators.moments import DAY, milliseconds
from simulators.systems import SYSTEMS

CITY: Final = CITIES["karaganda"]
DEVICE: Final = f"{CITY.code}/contact-centre/visitor"
SEED: Final = 109
USER: Final = "operator"
HISTORY: Final = 31 * DAY
"""In ms: a month's window; a system whose KPIs look back further tells more."""
EVENTS_A_DAY: Final = 400
"""Of a system in a city of volume 1, about; for the progress bar."""
TOLD: Final = "told.json"
"""Which time the city has told already, in the stack's folder: the devices go on where the history ends."""
SERVICES: Final = {"ingest": "ingest_http", "scorer": "metrics_scorer", "api": "api"}
"""Our processes and the port that tells that they run."""
READY_S: Final = 30.0
ENDS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PLAIN_S: Final = 10
SENSED_H: Final = 330
"""How much of their past the networks' sensors tell: what the schemes' time slider reaches, less some hours, because
telemetry older than 14 days is refused."""
BUSY_S: Final = 12 * 3600
"""After this long the busy devices end and are started again."""
EXPORT_PAUSE_S: Final = 20


def register(app: typer.Typer) -> None:
    """`ahual demo`."""
    app.command("demo", help=text("demo.help"))(demo)


def demo(folder: Folder = DEFAULT_FOLDER) -> None:
    """Start everything, show where it is and how it does, stop it all on Ctrl-C."""
    console = Console()
    with one_sentence():
        stack = Stack(folder, progress=ConsoleProgress(console))
        with plain_errors(stack.layout.folder), sole_demo(stack), stopped_at_the_end(stack, console):
            keys = start(stack, ConsoleProgress(console, "demo"))
            add_demo_device(stack)
            signing_in = add_demo_user(stack)
            where = {**stack.ports.model_dump(), "folder": stack.layout.folder, "city": CITY.code}
            console.print(text("demo.urls", **where), highlight=False, markup=False, soft_wrap=True)
            console.print(text("demo.user", **signing_in), highlight=False, markup=False, soft_wrap=True)
            asyncio.run(load_history(stack, keys, console))
            export(stack)
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
    """Ctrl-C is the ordinary end, `kill` and a closed terminal are others; whatever it is, nothing is left running."""
    for number in ENDS:
        # `nohup` and the like asked for the closed terminal not to matter.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        with suppress(OSError):  # the terminal may be gone
            console.print()
    finally:
        # Once is enough: the end itself is not to be interrupted half-way.
        for number in ENDS:
            signal.signal(number, signal.SIG_IGN)
        try:
            with ConsoleProgress(console).step("stopping") if stack.status() else nullcontext():
                stack.down()
        except OSError:
            stack.down()


def start(stack: Stack, progress: ConsoleProgress) -> dict[str, NewKey]:
    """The servers, the schema, the city, and our three services; the keys of the systems that tell the history.

    The keys come before the intake, which reads all of them at its start and new ones some seconds later.
    """
    require_free(stack.ports, SERVICES.values())
    stack.up(tls=False)
    with progress.step("migrating"):
        url = SecretStr(stack.env()["AHUAL_DATABASE_URL"])
        keys = asyncio.run(_set_up(url))
        seeing = _probe_key(url, stack.layout.folder / "probe.key")
    for name in SERVICES:
        stack.start(Program(name=name, argv=(_ahual(), name), env={"AHUAL_EXPORT_FOLDER": str(exports(stack))}))
    for name, port in SERVICES.items():
        with progress.step("starting", name=name):
            wait_until(
                lambda port=port: _answers(getattr(stack.ports, port)),  # type: ignore[misc]
                seconds=READY_S,
                failure=lambda name=name: _not_ready(stack, name),  # type: ignore[misc]
            )
    env = {"AHUAL_PROBE_KEY": seeing, "AHUAL_PROBE_CITY": CITY.code}
    stack.start(Program(name="probe", argv=(_ahual(), "probe"), env=env))
    told = {name: value for name, value in os.environ.items() if name.startswith("AHUAL_NOTIFY_")}
    if "AHUAL_NOTIFY_RULES" in told:
        stack.start(Program(name="notify", argv=(_ahual(), "notify", "run"), env=told))
    return keys


def _probe_key(url: SecretStr, kept: Path) -> str:
    """The observer's key: the one of the last start, if the database still knows it."""
    before = kept.read_text("utf-8").strip() if kept.exists() else ""
    key = asyncio.run(_known_or_new(url, before))
    write_private(kept, key)
    return key


async def _known_or_new(url: SecretStr, key: str) -> str:
    engine = open_database(url, pool_size=1, application="ahual-demo")
    try:
        known = {row["id"] for row in await list_keys(engine) if row["revoked_at"] is None}
        if key and key.split(".")[1] in known:
            return key
        made = await add_key(engine, Identity(CITY.code, "situation-centre", "probe"))
    finally:
        await engine.dispose()
    if made is None:
        raise LookupError(CITY.code)
    return made.text


async def _set_up(url: SecretStr) -> dict[str, NewKey]:
    await upgrade(url)
    cities = yaml_text.parse((files("deploy") / "demo" / "cities.yaml").read_text("utf-8"))
    await apply_cities(url, CitiesFile.model_validate(cities))
    await survey(url, CITY, SEED)
    await open_past(url, oldest(SYSTEMS, milliseconds(utc_now()) - HISTORY))
    engine = open_database(url, pool_size=1, application="ahual-demo")
    keys = {name: await add_key(engine, Identity(CITY.code, name, "history")) for name in SYSTEMS}
    await engine.dispose()
    return {name: key for name, key in keys.items() if key is not None}


def add_demo_device(stack: Stack) -> None:
    """An account for the visitor's own messages; `demo.env` tells it, and the SQL reader's, to a shell."""
    password = stack.add_device(DEVICE)
    lines = (
        f"AHUAL_DEMO_DEVICE={DEVICE}",
        f"AHUAL_DEMO_PASSWORD={password}",
        f"AHUAL_DEMO_MQTT_PORT={stack.ports.mqtt}",
        f"AHUAL_DEMO_READER_PASSWORD={make_url(stack.env()['AHUAL_READER_URL']).password}",
        f"AHUAL_DEMO_POSTGRES_PORT={stack.ports.postgres}",
    )
    write_private(stack.layout.folder / "demo.env", "\n".join(lines) + "\n")


def add_demo_user(stack: Stack) -> dict[str, str]:
    """An account for signing in to the page, with its password in a file that only this user reads: the one of the last
    start, if there was one."""
    kept = stack.layout.folder / "user.password"
    password = kept.read_text("utf-8").strip() if kept.exists() else passwords.generated()
    asyncio.run(_known_user(SecretStr(stack.env()["AHUAL_DATABASE_URL"]), password))
    write_private(kept, password)
    return {"user": USER, "password": password}


async def _known_user(url: SecretStr, password: str) -> None:
    engine = open_database(url, pool_size=1, application="ahual-demo")
    try:
        known = await accounts.find(engine, USER)
        if known is None:
            grants = [Grant(EVERYWHERE, "administrator")]
            await accounts.add(engine, USER, passwords.hashed(password), grants, "demo")
        elif not await passwords.Passwords().right(password, known.password_hash):
            await accounts.set_password(engine, USER, passwords.hashed(password), "demo")
    finally:
        await engine.dispose()


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


async def load_history(stack: Stack, keys: Mapping[str, NewKey], console: Console) -> None:
    """Tell what the city has not told yet through the HTTP intake; at the first start that is the whole history."""
    now = milliseconds(utc_now())
    coverage = Coverage(stack.layout.folder / TOLD, f"{CITY.code}/{SEED}")
    untold = {name: coverage.of(name).gaps(now - HISTORY, now) for name in SYSTEMS}
    days = {name: sum(last - first for first, last in gaps) / DAY for name, gaps in untold.items()}
    daily = {"contact-centre": CITY.rates.calls + 2 * CITY.rates.requests}
    expected = max(1, round(sum(days[name] * daily.get(name, EVENTS_A_DAY) for name in SYSTEMS)))
    intake = f"http://127.0.0.1:{stack.ports.ingest_http}"
    texts = {name: key.text for name, key in keys.items()}
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(text("demo.history", days=f"{max(days.values()):.1f}"), total=expected)
            sent = await tell_past(
                Past(replace(CITY, watched_from=now), SEED, now - HISTORY, intake, texts),
                Delivered(),
                coverage,
                lambda count: bar.update(task, completed=count),
            )
            bar.update(task, completed=sent, total=max(1, sent))
    finally:
        engine = open_database(SecretStr(stack.env()["AHUAL_DATABASE_URL"]), pool_size=1, application="ahual-demo")
        for key in keys.values():
            await revoke_key(engine, key.id)
        await engine.dispose()


def exports(stack: Stack) -> Path:
    """Where the demo's deliveries are; the API serves them from there."""
    return stack.layout.folder / "exports"


def export(stack: Stack) -> None:
    """Deliveries of what is closed, as soon as it is: a demo waits for no late data. Signed with a key of its own."""
    env = {
        "AHUAL_EXPORT_FOLDER": str(exports(stack)),
        "AHUAL_EXPORT_KEY_FILE": str(ensure_keys(stack.layout.folder / "export-keys")),
        "AHUAL_EXPORT_DELAY_S": "0",
        "AHUAL_EXPORT_PAUSE_S": str(EXPORT_PAUSE_S),
    }
    stack.start(Program(name="export", argv=(_ahual(), "export", "--watch"), env=env))


def simulate(stack: Stack) -> None:
    """The city's devices and departments, reporting from now on, and a few busier ones: a city's night is quiet."""
    city = (_ahual(), "simulate", "--city", CITY.code, "--seed", str(SEED))
    busy = ("--system", "contact-centre", "--rate", "2", "--duration", str(BUSY_S), "--devices", "4")
    told = str(stack.layout.folder / TOLD)
    stack.start(Program(name="city", argv=(*city, "--realtime", "--watched", "--state", told)))
    stack.start(Program(name="busy-devices", argv=(*city, *busy)))
    networks = (_ahual(), "sense", "--city", CITY.code, "--seed", str(SEED), "--hours", str(SENSED_H))
    stack.start(Program(name="sensors", argv=networks))


def watch(stack: Stack, console: Console) -> None:
    """The live line, once a second, until Ctrl-C; where there is no terminal, a new line every ten seconds."""
    meter = Meter()
    with Live(console=console, auto_refresh=False, transient=True) as live:
        for second in count():
            shown = line(_read(stack, meter), meter)
            if console.is_terminal:
                live.update(shown, refresh=True)
            elif second % PLAIN_S == 0:
                console.print(shown, highlight=False)
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
