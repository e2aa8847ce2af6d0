"""One Mosquitto: configuration, accounts, access list."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Final

from deploy.stack import broker, debian
from deploy.stack.layout import Layout
from deploy.stack.passwords import Passwords, mosquitto_hash
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from deploy.stack.tools import locked, write_private
from schemas.identity import parse_identity

GATEWAY_CLIENT_ID: Final = "ahual-ingest-1"


def prepare(layout: Layout, ports: Ports, passwords: Passwords) -> Program:
    """Write the configuration and the gateway's account, and say how the broker is run."""
    home = layout.folder / "mosquitto"
    home.mkdir(exist_ok=True)
    write_files(home, ports, passwords.gateway)
    program = debian.home(layout) / "usr" / "sbin" / "mosquitto"
    env = {"AHUAL_MQTT_PASSWORD": passwords.gateway}
    argv = (sys.executable, "-m", "deploy.stack.broker", str(program), str(ports.mqtt_internal), GATEWAY_CLIENT_ID)
    return Program(name="mosquitto", argv=argv, env=env, cwd=home)


def write_files(home: Path, ports: Ports, gateway_password: str, *, address: str = "127.0.0.1") -> None:
    """Configuration, access list and the gateway's account; accounts of devices stay."""
    write_private(home / "mosquitto.conf", render(ports, address=address))
    write_private(home / "acl", (files("deploy") / "mosquitto" / "acl.conf").read_text("utf-8"))
    add_accounts(home, {broker.GATEWAY: gateway_password})
    write_private(home / broker.GATEWAY_ONLY, f"{broker.GATEWAY}:{accounts(home)[broker.GATEWAY]}\n")


def render(ports: Ports, *, address: str = "127.0.0.1") -> str:
    """The broker's `mosquitto.conf`, with listeners on this address."""
    template = (files("deploy") / "mosquitto" / "mosquitto.conf").read_text("utf-8")
    # Mosquitto leaves root for an account that cannot reach our folder, unless it is told to stay.
    account = "root" if os.geteuid() == 0 else "nobody"
    return Template(template).substitute(ports.model_dump(), account=account, address=address)


def accounts(home: Path) -> dict[str, str]:
    """All accounts with their hashes."""
    path = home / broker.ALL_ACCOUNTS
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return dict(line.split(":", 1) for line in lines if line)


def add_accounts(home: Path, passwords: Mapping[str, str]) -> None:
    """Add or change accounts; a device's name must be a `city/system/device`, else ValueError."""
    for name in passwords.keys() - {broker.GATEWAY}:
        parse_identity(name)
    with locked(home / "passwords.lock"):
        hashed = {name: mosquitto_hash(password, os.urandom(12)) for name, password in passwords.items()}
        merged = accounts(home) | hashed
        write_private(home / broker.ALL_ACCOUNTS, "".join(f"{name}:{value}\n" for name, value in merged.items()))


def accepts(port: int, username: str, password: str) -> bool:
    """Whether the broker lets this account in: an MQTT 3.1.1 CONNECT, answered by CONNACK 0."""
    strings = b"".join(len(s).to_bytes(2, "big") + s for s in (b"", username.encode(), password.encode()))
    body = b"\x00\x04MQTT\x04\xc2\x00\x05" + strings
    packet = b"\x10" + _length(len(body)) + body
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(packet)
            answer = connection.recv(4)
            connection.sendall(b"\xe0\x00")
    except OSError:
        return False
    return answer == b"\x20\x02\x00\x00"


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
