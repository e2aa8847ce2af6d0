"""Device credentials: issued, rotated and revoked on the running broker; sessions that lost theirs are cut."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
import sqlalchemy as sa
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from deploy.stack import Stack
from deploy.stack.container import watch
from deploy.stack.mosquitto import accepts, read_accounts
from deploy.stack.passwords import mosquitto_hash
from schemas.identity import parse_identity
from schemas.tables import access_change, device
from services.cli.main import build
from services.ingest import devices
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.usefixtures("database")]
NAME = "karaganda/contact-centre/door-1"
OTHER = "karaganda/contact-centre/door-2"


def ahual(stack: Stack, *words: str, code: int = 0) -> str:
    """The command as an operator types it; what it says."""
    ports = {f"AHUAL_PORT_{name.upper()}": str(port) for name, port in stack.ports.model_dump().items()}
    done = CliRunner().invoke(build("device"), words, env=stack.env() | ports)
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def added(stack: Stack, name: str = NAME) -> str:
    return str(json.loads(ahual(stack, "device", "add", name, "--json"))["password"])


class Session:
    """A device that stays connected and notes when it was cut."""

    def __init__(self, stack: Stack, name: str, password: str) -> None:
        self.cut: float | None = None
        self.client = Client(CallbackAPIVersion.VERSION2, "whatever", protocol=MQTTv5, reconnect_on_failure=False)
        self.client.username_pw_set(name, password)
        self.client.on_disconnect = self._gone
        self.client.connect("127.0.0.1", stack.ports.mqtt)
        self.client.loop_start()

    def was_cut(self) -> bool:
        """The broker cut it before; our side may hear of it a moment later."""
        deadline = time.monotonic() + 3
        while self.cut is None and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.cut is not None

    def _gone(self, *_: Any) -> None:
        self.cut = time.monotonic()


@contextmanager
def session(stack: Stack, name: str, password: str) -> Iterator[Session]:
    opened = Session(stack, name, password)
    deadline = time.monotonic() + 10
    while not opened.client.is_connected() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert opened.client.is_connected()
    try:
        yield opened
    finally:
        opened.client.disconnect()
        opened.client.loop_stop()


def test_a_device_gets_in_with_its_password_shown_once(stack: Stack) -> None:
    password = added(stack)
    assert len(password) >= 32
    assert accepts(stack.ports.mqtt, NAME, password)
    assert not accepts(stack.ports.mqtt, NAME, password + "x")
    assert password not in ahual(stack, "device", "list")
    assert "already" in ahual(stack, "device", "add", NAME, code=1)


async def test_only_a_hash_is_stored_and_who_did_it(stack: Stack, database: AsyncEngine) -> None:
    password = await asyncio.to_thread(added, stack)
    await asyncio.to_thread(ahual, stack, "device", "rotate", NAME)
    await asyncio.to_thread(ahual, stack, "device", "revoke", NAME)
    async with database.connect() as connection:
        row = (await connection.execute(sa.select(device))).one()
        changes = (await connection.execute(sa.select(access_change).order_by(access_change.c.id))).all()
    assert password not in str(row)
    assert row.password_hash is None, "a revoked device leaves no hash"
    assert [(change.action, change.subject) for change in changes] == [(a, NAME) for a in ("add", "rotate", "revoke")]
    assert all("@" in change.actor and change.actor.endswith(" as ahual") for change in changes)


def test_a_rotated_password_ends_the_old_one_and_its_session_and_no_other(stack: Stack) -> None:
    before, other = added(stack), added(stack, OTHER)
    broker = stack.pid("mosquitto")
    with session(stack, NAME, before) as running, session(stack, OTHER, other) as bystander:
        after = json.loads(ahual(stack, "device", "rotate", NAME, "--json"))["password"]
        assert running.was_cut()
        assert bystander.cut is None
    assert not accepts(stack.ports.mqtt, NAME, before)
    assert accepts(stack.ports.mqtt, NAME, after)
    assert accepts(stack.ports.mqtt, OTHER, other)
    assert stack.pid("mosquitto") == broker, "the broker was not restarted"


def test_a_revoked_device_is_out_when_the_command_returns(stack: Stack) -> None:
    password = added(stack)
    with session(stack, NAME, password) as running:
        ahual(stack, "device", "revoke", NAME)
        assert running.was_cut()
    assert not accepts(stack.ports.mqtt, NAME, password)
    assert "not let in" in ahual(stack, "device", "revoke", NAME, code=1)
    again = added(stack)
    assert accepts(stack.ports.mqtt, NAME, again)


async def test_the_brokers_state_is_repaired_from_the_registry(stack: Stack, database: AsyncEngine) -> None:
    password = await asyncio.to_thread(added, stack)
    home = stack.layout.folder / "mosquitto"
    for name in ("passwords.registry", "passwords"):
        kept = {n: v for n, v in read_accounts(home / name).items() if n != NAME} | {OTHER: "$7$101$AAAA$AAAA"}
        (home / name).write_text("".join(f"{n}:{v}\n" for n, v in kept.items()))
    await asyncio.to_thread(ahual, stack, "device", "sync")
    assert await asyncio.to_thread(accepts, stack.ports.mqtt, NAME, password)
    assert OTHER not in read_accounts(home / "passwords")


async def test_an_account_comes_back_with_the_broker(stack: Stack, database: AsyncEngine) -> None:
    password = await asyncio.to_thread(added, stack)
    await asyncio.to_thread(stack.restart, "mosquitto")

    async def back() -> bool:
        return await asyncio.to_thread(accepts, stack.ports.mqtt, NAME, password)

    await eventually(back, within_s=30)


@pytest.mark.parametrize("name", ["gateway", "a/b", "karaganda/contact-centre/+", "#", "karaganda/cc/x\n", "probe"])
def test_a_name_that_is_no_identity_gets_nothing(stack: Stack, name: str) -> None:
    ahual(stack, "device", "add", name, code=1)


def test_a_city_that_is_not_ours_gets_nothing(stack: Stack) -> None:
    assert "not registered" in ahual(stack, "device", "add", "atlantis/contact-centre/x", code=1)


def test_a_device_cannot_take_the_gateways_session(stack: Stack) -> None:
    """Nor another device's: its client id is its account, whatever it says."""
    password = added(stack)
    gateway = stack.env()["AHUAL_MQTT_CLIENT_ID"]
    received: list[bytes] = []
    thief = Client(CallbackAPIVersion.VERSION2, gateway, protocol=MQTTv5, reconnect_on_failure=False)
    thief.username_pw_set(NAME, password)
    present: list[bool] = []
    thief.on_connect = lambda _c, _u, flags, _r, _p: present.append(flags.session_present)
    thief.on_message = lambda _c, _u, message: received.append(bytes(message.payload))
    victim = added(stack, OTHER)
    with session(stack, OTHER, victim) as device_session:
        thief.connect("127.0.0.1", stack.ports.mqtt, clean_start=False)
        thief.loop_start()
        device_session.client.publish(f"ahual/v1/{OTHER}/events", b"{}", qos=1).wait_for_publish(10)
        time.sleep(1)
        assert device_session.cut is None
    thief.disconnect()
    thief.loop_stop()
    assert present == [False]
    assert received == []


async def test_a_broker_elsewhere_follows_the_registry(stack: Stack, database: AsyncEngine) -> None:
    """With an account of its own, which reads devices and nothing else."""
    identity, password = parse_identity(NAME), "made-elsewhere"
    url = SecretStr(stack.database_url("ahual_broker"))
    following = asyncio.create_task(watch(url, stack.broker()))

    async def enters() -> bool:
        return await asyncio.to_thread(accepts, stack.ports.mqtt, NAME, password)

    async def refused() -> bool:
        return not await enters()

    try:
        assert await devices.add(database, identity, mosquitto_hash(password, b"twelve bytes"), "tests") is None
        await eventually(enters, within_s=15)
        assert await devices.revoke(database, identity, "tests")
        await eventually(refused, within_s=15)
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
