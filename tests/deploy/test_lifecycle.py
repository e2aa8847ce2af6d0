"""A stack of its own, in a folder with a space: start, lose the supervisor, stop, lose the broker's sessions."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import psutil
import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from deploy.stack import Ports, Program, Stack, StackError, leftovers, running_stack
from deploy.stack.broker import GATEWAY
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.chaos, pytest.mark.timeout(240)]
SLEEP = (sys.executable, "-c", "import time; time.sleep(3600)")


@pytest.fixture(scope="module")
def own(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Up, with the downloads of the session's stack."""
    folder = tmp_path_factory.mktemp("my city") / ".stack"
    with running_stack(folder, free_ports(), cache=stack.layout.cache) as running:
        yield running
    running.wipe()


async def test_a_program_beside_the_servers_gets_the_environment_and_comes_back(own: Stack) -> None:
    own.start(Program("sleeper", SLEEP, env={"AHUAL_EXTRA": "50% of 'x', y=z"}))
    first = own.pid("sleeper")
    assert first

    async def is_itself() -> bool:
        return "sleep(3600)" in psutil.Process(first).cmdline()[-1]

    await eventually(is_itself)
    environment = psutil.Process(first).environ()
    assert environment["AHUAL_EXTRA"] == "50% of 'x', y=z"
    assert environment.items() >= own.env().items()
    own.restart("sleeper")
    assert own.pid("sleeper") not in (None, first)


def test_a_taken_port_is_named(own: Stack) -> None:
    other = Stack(own.layout.folder.parent / ".other", own.ports, cache=own.layout.cache)
    with pytest.raises(StackError) as refused:
        other.up()
    assert refused.value.key == "port_taken"
    assert str(own.ports.mqtt) in str(refused.value)
    other.wipe()


def test_messages_wait_for_the_gateway_even_when_the_broker_lost_its_database(own: Stack) -> None:
    own.stop("mosquitto")
    (own.layout.folder / "mosquitto" / "mosquitto.db").unlink()
    own.restart("mosquitto")
    device = Client(CallbackAPIVersion.VERSION2, "early", protocol=MQTTv5)
    identity = "almaty/contact-centre/early"
    device.username_pw_set(identity, own.add_device(identity))
    device.connect("127.0.0.1", own.ports.mqtt)
    device.loop_start()
    device.publish(f"ahual/v1/{identity}/events", b"{}", qos=1).wait_for_publish(10)
    device.disconnect()
    device.loop_stop()

    received: list[bytes] = []
    gateway = Client(CallbackAPIVersion.VERSION2, own.env()["AHUAL_MQTT_CLIENT_ID"], protocol=MQTTv5)
    gateway.username_pw_set(GATEWAY, own.env()["AHUAL_MQTT_PASSWORD"])
    gateway.on_message = lambda _client, _data, message: received.append(bytes(message.payload))
    gateway.connect("127.0.0.1", own.ports.mqtt_internal, clean_start=False)
    for _ in range(100):
        gateway.loop(0.05)
        if received:
            break
    gateway.disconnect()
    assert received == [b"{}"]


def test_after_a_killed_supervisor_up_starts_anew(own: Stack) -> None:
    before = {status.name: status.pid for status in own.status()}
    _kill_supervisor(own)
    assert own.status() == []
    own.up()
    after = {status.name: status.pid for status in own.status()}
    assert after.keys() == {"postgres", "kafka", "mosquitto"}
    assert not set(after.values()) & set(before.values())
    assert not any(pid and psutil.pid_exists(pid) for pid in before.values())


async def test_down_ends_everything_after_a_killed_supervisor_and_nothing_else(own: Stack) -> None:
    own.start(Program("sleeper", SLEEP))

    async def pids() -> set[int]:
        found = {status.pid for status in own.status() if status.pid}
        return found if len(found) == 4 else set()

    running = await eventually(pids)
    bystander = psutil.Popen(SLEEP, env={**os.environ, **own.env()})
    _kill_supervisor(own)
    try:
        # A server whose output nobody reads any more may end by itself, so who is left is counted, not who was ended.
        assert own.down() >= 1
        assert not any(psutil.pid_exists(pid) for pid in running)
        assert leftovers.find(own.layout.folder) == []
        assert bystander.is_running()
    finally:
        bystander.kill()
        bystander.wait()
    for port in (own.ports.mqtt, own.ports.kafka, own.ports.postgres):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0
    assert own.down() == 0


def test_the_other_ports_are_taken_over_on_the_next_start(own: Stack) -> None:
    moved = Stack(own.layout.folder, free_ports(), cache=own.layout.cache)
    moved.up()
    try:
        assert all(moved.ready(name) for name in ("postgres", "kafka", "mosquitto"))
    finally:
        moved.down()


def free_ports() -> Ports:
    """Ports nobody listens on now; other sessions may have taken the usual ones."""
    with ExitStack() as held:
        probes = {name: held.enter_context(socket.socket()) for name in Ports.model_fields}
        for probe in probes.values():
            probe.bind(("127.0.0.1", 0))
        return Ports(**{name: probe.getsockname()[1] for name, probe in probes.items()})


def _kill_supervisor(stack: Stack) -> None:
    pid = int((stack.layout.run / "supervisord.pid").read_text("utf-8"))
    supervisor = psutil.Process(pid)
    assert supervisor.environ()[leftovers.MARKER] == str(stack.layout.folder)
    supervisor.kill()
    psutil.wait_procs([supervisor], timeout=5)
