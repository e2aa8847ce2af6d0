"""The running stack: who may connect and publish where, and that killed servers come back."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest

from deploy.stack import Stack
from deploy.stack.mosquitto import accepts
from schemas.topics import load_topics
from services.runtime.kafka import open_consumer
from tests.waiting import eventually

pytestmark = pytest.mark.stack
DEVICE = "karaganda/contact-centre/stack-test"
OTHER = "karaganda/contact-centre/stack-test-other"


def publish(stack: Stack, user: str, password: str, topic: str, version: str = "5") -> subprocess.CompletedProcess[str]:
    address = ["-h", "127.0.0.1", "-p", str(stack.ports.mqtt), "-V", version, "-u", user, "-P", password]
    argv = [str(stack.program_path("mosquitto_pub")), *address, "-q", "1", "-t", topic, "-m", "{}"]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)


@pytest.fixture(scope="module")
def password(stack: Stack) -> str:
    return stack.add_devices([OTHER, DEVICE])[DEVICE]


@pytest.mark.parametrize("version", ["5", "mqttv311"])
@pytest.mark.parametrize("channel", ["events", "senml", "status"])
def test_a_device_publishes_on_its_own_channels(stack: Stack, password: str, channel: str, version: str) -> None:
    done = publish(stack, DEVICE, password, f"ahual/v1/{DEVICE}/{channel}", version)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("topic", [f"ahual/v1/{OTHER}/events", f"ahual/v1/{DEVICE}/commands", "x"])
def test_and_nowhere_else(stack: Stack, password: str, topic: str) -> None:
    assert "Not authorized" in publish(stack, DEVICE, password, topic).stderr


def test_a_wrong_password_is_refused(stack: Stack, password: str) -> None:
    done = publish(stack, DEVICE, password[:-1], f"ahual/v1/{DEVICE}/events")
    assert done.returncode != 0
    assert "Not authorized" in done.stderr
    assert not accepts(stack.ports.mqtt, DEVICE, "")
    assert not accepts(stack.ports.mqtt, "nobody", password)


def test_a_name_that_is_no_identity_gets_no_account(stack: Stack) -> None:
    for name in ("gatekeeper", "a/b", "a/b/c/d", "a/+/c", "a/b/#"):
        with pytest.raises(ValueError, match="not a city/system/device"):
            stack.add_device(name)


async def test_topics_are_as_declared(stack: Stack) -> None:
    consumer = open_consumer(stack.kafka_bootstrap, group="stack-test", client_id="stack-test")
    await consumer.start()
    try:
        assert load_topics().keys() <= await consumer.topics()
    finally:
        await consumer.stop()


def test_up_again_leaves_everything_running(stack: Stack) -> None:
    before = {name: stack.pid(name) for name in ("postgres", "kafka", "mosquitto")}
    stack.up()
    assert {name: stack.pid(name) for name in before} == before


@pytest.mark.chaos
@pytest.mark.parametrize("name", ["mosquitto", "postgres", "kafka"])
async def test_a_killed_server_comes_back(stack: Stack, name: str) -> None:
    victim = stack.pid(name)
    assert victim
    os.kill(victim, signal.SIGKILL)

    async def back() -> bool:
        return stack.pid(name) not in (None, victim) and stack.ready(name)

    await eventually(back, within_s=60)
