"""Mosquitto that lets devices in only once the gateways' sessions are subscribed.

    python -m deploy.stack.broker BROKER PORT CLIENT_ID…      (working directory: the broker's)

What a device publishes while nobody is subscribed is acknowledged and goes nowhere. Mosquitto 2.0.21 keeps persistent
sessions across a restart, but not their shared subscriptions, and it opens all its listeners at once; so at every
start it knows the gateway's account only and refuses every device, which then tries again. A helper makes sure of the
sessions and their subscriptions, puts the full list of accounts in place, lets the broker read it, and from then on has
it save its state.
"""

from __future__ import annotations

import os
import select
import signal
import ssl
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from schemas.identity import SHARED_FILTERS

PATIENCE_S: Final = 20.0
ANSWER_S: Final = 3.0
FOR_EVER: Final = 0xFFFFFFFF
GATEWAY: Final = "gateway"
PROBE: Final = "probe"
"""Gets another password whenever the accounts change: when it is let in, the broker has read them."""
ALL_ACCOUNTS: Final = "passwords"
GATEWAY_ONLY: Final = "passwords.gateway"
LIVE: Final = "passwords.live"
REVOKED: Final = "crl.pem"
NOBODYS_LIST: Final = "crl.nobody"
LIVE_LIST: Final = "crl.live"
SAVED: Final = "mosquitto.db"
SAVE_EVERY_S: Final = 1.0
SAVE_PAUSE: Final = 4
SAVING_S: Final = 60.0
"""A save that takes longer is not waited for: the disk may be full."""


def main(broker: str, port: int, client_ids: list[str]) -> None:
    """Close the gate, leave a helper behind that opens it, and become the broker."""
    # Whoever adds an account meanwhile sends one to this process id.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    point_live_at(Path.cwd(), GATEWAY_ONLY)
    us = os.getpid()
    child = os.fork()
    if child == 0:
        # Twice, so that the helper is not the broker's child: the broker would never ask how it ended.
        if os.fork() == 0:
            _open_gate(us, port, client_ids)
        os._exit(0)
    os.waitpid(child, 0)
    os.execv(broker, [broker, "-c", "mosquitto.conf"])  # noqa: S606 -- the very purpose


def point_live_at(home: Path, name: str) -> None:
    """Let the broker find these accounts at its next start or SIGHUP, and their certificates good or not."""
    _link(home / LIVE, name)
    _link(home / LIVE_LIST, REVOKED if name == ALL_ACCOUNTS else NOBODYS_LIST)


def _link(place: Path, name: str) -> None:
    fresh = place.with_name(f"{place.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(name)
    fresh.replace(place)


def is_open(home: Path) -> bool:
    """Whether devices may be let in."""
    link = home / LIVE
    return link.is_symlink() and str(link.readlink()) == ALL_ACCOUNTS


def ensure_session(port: int, client_id: str, password: str) -> bool:
    """Open the session of a gateway and leave it there with its subscriptions; False when it did not get so far.

    Clean start stays off: Mosquitto does not save a session that began with it. What waits in the session stays
    there, because nothing is acknowledged.
    """
    client = Client(CallbackAPIVersion.VERSION2, client_id, protocol=MQTTv5, manual_ack=True)
    client.username_pw_set(GATEWAY, password)
    if ca := os.environ.get("AHUAL_TLS_CA_FILE"):
        client.tls_set_context(ssl.create_default_context(cafile=ca))
    subscribed = threading.Event()

    def on_connect(_client: Client, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        # Retained messages only for a subscription that is new: the session has had them otherwise.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        if not reason.is_failure:
            client.subscribe([(name, options) for name in SHARED_FILTERS])

    def on_subscribe(_client: Client, _data: Any, _mid: int, reasons: Any, _properties: Any) -> None:
        if not any(reason.is_failure for reason in reasons):
            subscribed.set()

    client.on_connect = on_connect
    client.on_subscribe = on_subscribe
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
    properties.SessionExpiryInterval = FOR_EVER
    properties.ReceiveMaximum = 1
    try:
        client.connect("127.0.0.1", port, clean_start=False, properties=properties)
    except OSError:
        return False
    client.loop_start()
    done = subscribed.wait(ANSWER_S)
    client.disconnect()
    client.loop_stop()
    return done


def _open_gate(broker: int, port: int, client_ids: list[str]) -> None:
    """A broker whose gate cannot be opened is ended, and its supervisor starts another."""
    waiting = list(client_ids)
    deadline = time.monotonic() + PATIENCE_S
    password = os.environ["AHUAL_MQTT_PASSWORD"]
    while waiting and time.monotonic() < deadline:
        # The gateway itself may come at the same moment and take the session over: then again.
        waiting = [client_id for client_id in waiting if not ensure_session(port, client_id, password)]
        time.sleep(0.02)
    with suppress(ProcessLookupError):
        if waiting:
            os.kill(broker, signal.SIGTERM)
        else:
            point_live_at(Path.cwd(), ALL_ACCOUNTS)
            os.kill(broker, signal.SIGHUP)
            keep_saving(os.pidfd_open(broker), Path.cwd() / SAVED)


def keep_saving(broker: int, saved: Path) -> None:
    """Have the broker save its state, for as long as it lives (`broker`: its pidfd): each second, or, once that takes
    long, after four times as long as the last time took. It stands still meanwhile, and a backlog is written whole."""
    while not _ended(broker, 0):
        before, began = _inode(saved), time.monotonic()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(broker, signal.SIGUSR1)
        while _inode(saved) == before and time.monotonic() < began + SAVING_S and not _ended(broker, 0.05):
            continue
        _ended(broker, max(SAVE_EVERY_S, SAVE_PAUSE * (time.monotonic() - began)))


def _ended(process: int, within_s: float) -> bool:
    return bool(select.select([process], [], [], within_s)[0])


def _inode(file: Path) -> int:
    """Another one after each save: the broker writes beside it and renames."""
    try:
        return file.stat().st_ino
    except FileNotFoundError:
        return 0


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
