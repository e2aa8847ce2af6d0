"""Mosquitto in two steps: the gateways' sessions first, the listeners after.

    python -m deploy.stack.broker BROKER CLIENT_ID…      (working directory: the broker's)

A message that a device publishes before the gateway's persistent session exists is acknowledged and goes nowhere.
Mosquitto opens all its listeners at once, so we let it first open nothing but a unix socket, make sure of the sessions
through it, end it (which saves them), and become the real broker. This happens at every start, because whoever lost
the broker's database lost the sessions with it; while they exist the first step changes nothing.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from schemas.identity import SHARED_FILTERS

WAIT_S: Final = 10.0
FOR_EVER: Final = 0xFFFFFFFF
_PR_SET_PDEATHSIG: Final = 1


def main(broker: str, client_ids: list[str]) -> None:
    """Make sure of the sessions, then become the broker."""
    # A reload may be asked for while we are still ourselves.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    address = os.environ["AHUAL_BROKER_SOCKET"]
    Path(address).unlink(missing_ok=True)
    first = subprocess.Popen([broker, "-c", "first.conf"], preexec_fn=_die_with_parent)  # noqa: PLW1509 -- no threads yet
    try:
        _wait_for(address, first)
        for client_id in client_ids:
            ensure_session(address, client_id, os.environ["AHUAL_MQTT_PASSWORD"])
    finally:
        first.terminate()
        first.wait(WAIT_S)
    os.execv(broker, [broker, "-c", "mosquitto.conf"])  # noqa: S606 -- the very purpose


def ensure_session(address: str, client_id: str, password: str) -> None:
    """Open the session of a gateway over a unix socket and leave it there, with its subscriptions; TimeoutError.

    Clean start stays off: Mosquitto does not save a session that began with it. What waits in the session stays
    there, because nothing is acknowledged.
    """
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5, transport="unix", manual_ack=True)
    client.username_pw_set("gateway", password)
    subscribed = threading.Event()

    def on_connect(_client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        if reason.is_failure:
            raise ConnectionRefusedError(str(reason))
        # Retained messages only for a subscription that is new: the session has had them otherwise.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        client.subscribe([(name, options) for name in SHARED_FILTERS])

    client.on_connect = on_connect
    client.on_subscribe = lambda *_: subscribed.set()
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = FOR_EVER
    properties.ReceiveMaximum = 1
    client.connect(address, clean_start=False, properties=properties)
    client.loop_start()
    done = subscribed.wait(WAIT_S)
    client.disconnect()
    client.loop_stop()
    if not done:
        raise TimeoutError(client_id)


def _wait_for(address: str, first: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not Path(address).exists():
        if first.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"mosquitto does not start: {first.returncode}")
        time.sleep(0.02)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
