"""A gateway that will not come back: what the broker parked for it is forwarded, then its session ends."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from deploy.stack import Stack
from deploy.stack.broker import ensure_session
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.events import DEVICE, call, encoded
from tests.publishing import publish_all

pytestmark = pytest.mark.stack
RETIRED = "ahual-ingest-retired"


def session_present(stack: Stack) -> bool:
    """Whether the broker still keeps the retired gateway's session."""
    env = stack.env()
    found: list[bool] = []
    client = Client(CallbackAPIVersion.VERSION2, RETIRED, protocol=MQTTv5)
    client.username_pw_set(env["AHUAL_MQTT_USERNAME"], env["AHUAL_MQTT_PASSWORD"])

    def on_connect(_client: Client, _data: object, flags: object, _reason: object, _properties: object) -> None:
        found.append(flags.session_present)  # type: ignore[attr-defined]
        client.disconnect()

    client.on_connect = on_connect
    client.connect("127.0.0.1", stack.ports.mqtt_internal, clean_start=False)
    client.loop_forever()
    return found[0]


async def test_what_waits_for_a_retired_gateway_is_forwarded_and_its_session_ends(
    stack: Stack, gateway: GatewayProcess, written: Written
) -> None:
    env = stack.env()
    port, password = stack.ports.mqtt_internal, env["AHUAL_MQTT_PASSWORD"]
    assert await asyncio.to_thread(ensure_session, port, RETIRED, password)
    names = [f"retire-{n}" for n in range(200)]
    device = await asyncio.to_thread(stack.add_device, str(DEVICE))
    await publish_all(stack.ports.mqtt, str(DEVICE), device, [encoded(call(name)) for name in names])
    await written.settle()
    assert 0 < len(written.events) < 200, "the broker shares out between the two sessions"

    command = [str(Path(sys.executable).parent / "ahual"), "ingest", "--retire"]
    ended = await asyncio.to_thread(
        subprocess.run,
        command,
        env={**os.environ, **env, "AHUAL_MQTT_CLIENT_ID": RETIRED, "AHUAL_INGEST_METRICS_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    await written.until(lambda: len({json.loads(event)["id"] for event in written.events}) == len(names))
    assert not await asyncio.to_thread(session_present, stack)
