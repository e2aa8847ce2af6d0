"""An installation whose every connection runs through a proxy, and the hands that break things in it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psutil
from sqlalchemy.engine import make_url

from deploy.stack import Ports, Program, Stack
from tests.chaos import clocks, disks
from tests.chaos.faults import ROUTES, Fault
from tests.chaos.proxy import Proxy
from tests.installation import READY_S, SERVICES, Installation, answers, own_stack

AHUAL: Final = str(Path(sys.executable).parent / "ahual")
SERVERS: Final = ("kafka", "mosquitto", "postgres")
SMALL_MB: Final = {"kafka": 400, "postgres": 900, "mosquitto": 30}


@dataclass(frozen=True, slots=True)
class Wired:
    """A stack, the proxies by route, and what each of our services is told."""

    stack: Stack
    proxies: Mapping[str, Proxy]
    settings: Mapping[str, Mapping[str, str]]

    @property
    def device_port(self) -> int:
        """Where devices connect."""
        return self.proxies["devices-mqtt"].port

    def start(self, service: str, number: int = 1) -> None:
        """Start a service; a second one of a kind has names and ports of its own."""
        env = dict(self.settings[service])
        if number > 1:
            env |= {
                "AHUAL_SCORER_INSTANCE": f"scorer-{number}",
                "AHUAL_MQTT_CLIENT_ID": f"ahual-ingest-{number}",
                "AHUAL_INGEST_HTTP_PORT": "0",
                "AHUAL_INGEST_METRICS_PORT": "0",
                "AHUAL_SCORER_METRICS_PORT": "0",
            }
        self.stack.start(Program(name=program(service, number), argv=(AHUAL, service), env=env))

    def wait(self) -> None:
        """Until servers and services are there."""
        deadline = time.monotonic() + 3 * READY_S
        while not (
            all(self.stack.ready(server) for server in SERVERS)
            and all(answers(getattr(self.stack.ports, port)) for port in SERVICES.values())
        ):
            if time.monotonic() > deadline:
                raise AssertionError("the installation is not whole again after three minutes")
            time.sleep(0.2)

    def begin(self, fault: Fault) -> None:
        """Let it happen."""
        match fault.kind:
            case "kill" | "pause":
                self._signal(fault.target, signal.SIGKILL if fault.kind == "kill" else signal.SIGSTOP)
            case "restart":
                self.stack.restart(fault.target)
            case "cut":
                self.proxies[fault.target].cut()
            case "stall":
                self.proxies[fault.target].stall()
            case "lose_commit":
                self.proxies[fault.target].lose_commit()
            case "join" | "hang":
                self.start(fault.target, 2)
            case "away":
                self.stack.stop(fault.target)
            case "full":
                disks.fill(small_disks(self.stack)[fault.target])
            case "clock":
                clocks.turn(self.stack, fault.target, -120)

    def half(self, fault: Fault) -> None:
        """What happens in the middle of it."""
        if fault.kind == "join":
            self._signal(program(fault.target, 2), signal.SIGKILL)
        elif fault.kind == "hang":
            self._signal(fault.target, signal.SIGSTOP)
        elif fault.kind == "clock":
            clocks.turn(self.stack, fault.target, 120)

    def end(self, fault: Fault) -> None:
        """Let it be over."""
        match fault.kind:
            case "pause":
                self._signal(fault.target, signal.SIGCONT)
            case "cut" | "stall":
                self.proxies[fault.target].mend()
            case "lose_commit":
                self._wait_for_lost_commit(fault.target)
            case "away":
                self.stack.restart(fault.target)
            case "full":
                disks.make_room(small_disks(self.stack)[fault.target])
            case "clock":
                clocks.turn(self.stack, fault.target, 0)
            case "hang":
                self._signal(fault.target, signal.SIGCONT)
                self.stack.stop(program(fault.target, 2))
            case "join":
                self.stack.stop(program(fault.target, 2))
                if fault.target == "ingest":
                    self._retire(2)

    def _wait_for_lost_commit(self, route: str) -> None:
        deadline = time.monotonic() + READY_S
        while self.proxies[route].losing:
            if time.monotonic() > deadline:
                raise AssertionError("no COMMIT came by")
            time.sleep(0.05)

    def _retire(self, number: int) -> None:
        env = {
            **os.environ,
            **self.stack.env(),
            "AHUAL_MQTT_CLIENT_ID": f"ahual-ingest-{number}",
            "AHUAL_INGEST_METRICS_PORT": "0",
        }
        subprocess.run([AHUAL, "ingest", "--retire"], env=env, check=True, timeout=120, stderr=subprocess.DEVNULL)

    def _signal(self, name: str, number: signal.Signals) -> None:
        """To the program and all it started, as soon as it runs."""
        deadline = time.monotonic() + READY_S
        while (pid := self.stack.pid(name)) is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"{name} does not run")
            time.sleep(0.05)
        with suppress(psutil.NoSuchProcess):
            found = psutil.Process(pid)
            for member in [*found.children(recursive=True), found]:
                with suppress(ProcessLookupError):
                    os.kill(member.pid, number)


def program(service: str, number: int = 1) -> str:
    """The name it runs under."""
    return service if number == 1 else f"{service}-{number}"


@contextmanager
def wired(
    folder: Path, ports: Ports, first_proxy: int, *, small: bool = False, turnable: bool = False
) -> Iterator[Wired]:
    """A stack of its own with everything running, down at the end. Proxies take the ports from `first_proxy` on.

    `small` gives every server a disk of its own that can be filled, which needs root; `turnable` gives our services
    clocks that can be turned, which needs Debian's `faketime`.
    """
    with ExitStack() as opened:
        if small:
            fresh = Stack(folder, ports)
            fresh.wipe()
            fresh.layout.make()
            for server, place in small_disks(fresh).items():
                opened.enter_context(disks.mounted(place, megabytes=SMALL_MB[server]))
        stack = opened.enter_context(own_stack(folder, ports, wiped=small))
        _advertise(stack, first_proxy + ROUTES.index("clients-kafka"))
        yield opened.enter_context(services_through_proxies(stack, first_proxy, through_kafka=True, turnable=turnable))


def small_disks(stack: Stack) -> Mapping[str, Path]:
    """Where each server keeps what it writes."""
    folder = stack.layout.folder
    return {
        "kafka": folder / "kafka" / "data",
        "postgres": stack.layout.postgres.parent,
        "mosquitto": folder / "mosquitto",
    }


@contextmanager
def services_through_proxies(
    stack: Stack, first_proxy: int, *, through_kafka: bool = False, turnable: bool = False
) -> Iterator[Wired]:
    """Our services on a running stack; Kafka's clients go through their proxy only when the broker sends them there."""
    ports = stack.ports
    targets = {
        "devices-mqtt": ports.mqtt,
        "ingest-mqtt": ports.mqtt_internal,
        "clients-kafka": ports.kafka,
        "ingest-postgres": ports.postgres,
        "scorer-postgres": ports.postgres,
        "api-postgres": ports.postgres,
    }
    with ExitStack() as opened:
        proxies = {
            route: opened.enter_context(Proxy(first_proxy + number, targets[route]))
            for number, route in enumerate(ROUTES)
        }
        kafka = proxies["clients-kafka"].port if through_kafka else ports.kafka
        settings = {service: _settings(stack, proxies, kafka, service) for service in SERVICES}
        if turnable:
            settings = {service: told | clocks.settings(stack, service) for service, told in settings.items()}
        made = Wired(stack, proxies, settings)
        try:
            for service in SERVICES:
                made.start(service)
            made.wait()
            yield made
        finally:
            for service in SERVICES:
                stack.stop(service)


def _settings(stack: Stack, proxies: Mapping[str, Proxy], kafka: int, service: str) -> dict[str, str]:
    url = make_url(stack.env(service)["AHUAL_DATABASE_URL"]).set(port=proxies[f"{service}-postgres"].port)
    return {
        "AHUAL_DATABASE_URL": url.render_as_string(hide_password=False),
        "AHUAL_KAFKA_BOOTSTRAP": f"127.0.0.1:{kafka}",
        "AHUAL_MQTT_PORT": str(proxies["ingest-mqtt"].port),
    }


def advertised_at(properties: str, direct: int, port: int) -> str:
    """Kafka's `server.properties` with another port told to clients."""
    lines = properties.splitlines(keepends=True)
    return "".join(line.replace(f":{direct}", f":{port}") if line.startswith("advertised.") else line for line in lines)


def _advertise(stack: Stack, port: int) -> None:
    """Send Kafka's clients through the proxy: they ask the broker for its address and connect there."""
    file = stack.layout.folder / "kafka" / "server.properties"
    file.write_text(advertised_at(file.read_text(), stack.ports.kafka, port))
    stack.restart("kafka")
    time.sleep(1)


@contextmanager
def own_city(stack: Stack, category: str = "regional", *, kept: bool = False) -> Iterator[Installation]:
    """A city that nobody else uses, forgotten at the end unless `kept`: a trial's figures are its own."""
    made = Installation(stack, f"test-{time.time_ns() // 1_000_000}")
    asyncio.run(made.register(category))
    try:
        yield made
    finally:
        if not kept:
            asyncio.run(made.forget())
