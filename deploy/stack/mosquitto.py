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

from cryptography.hazmat.primitives.serialization import Encoding

from deploy.certs import signing
from deploy.certs.authority import Authority
from deploy.stack import broker, debian
from deploy.stack.layout import Layout
from deploy.stack.passwords import Passwords, mosquitto_hash
from deploy.stack.ports import Ports
from deploy.stack.program import Program
from deploy.stack.tools import locked, write_private
from schemas.identity import parse_identity
from services.runtime.clock import utc_now
from services.runtime.tls import client_context

REGISTERED: Final = "passwords.registry"
EDGE_NODES: Final = "edge_nodes.registry"
"""The part of the access list that comes from the device registry."""
GATEWAY_CLIENT_ID: Final = "ahual-ingest-1"


def prepare(layout: Layout, ports: Ports, passwords: Passwords, certs: Authority | None = None) -> Program:
    """Write the configuration and the gateway's account, and say how the broker is run."""
    home = layout.folder / "mosquitto"
    home.mkdir(exist_ok=True)
    write_files(home, ports, passwords.gateway, certs=certs)
    program = debian.home(layout) / "usr" / "sbin" / "mosquitto"
    env = {"AHUAL_MQTT_PASSWORD": passwords.gateway, **({"AHUAL_TLS_CA_FILE": str(certs.ca)} if certs else {})}
    argv = (sys.executable, "-m", "deploy.stack.broker", str(program), str(ports.mqtt_internal), GATEWAY_CLIENT_ID)
    return Program(name="mosquitto", argv=argv, env=env, cwd=home)


def write_files(
    home: Path,
    ports: Ports,
    gateway_password: str,
    *,
    address: str = "127.0.0.1",
    certs: Authority | None = None,
) -> None:
    """Configuration, access list and the gateway's account; accounts of devices stay."""
    write_private(home / "mosquitto.conf", render(ports, address=address, tls=certs is not None))
    if certs:
        _write_certificates(home, certs)
    if not (home / EDGE_NODES).exists():
        write_private(home / EDGE_NODES, "")
    _write_acl(home)
    add_accounts(home, {broker.GATEWAY: gateway_password})
    write_private(home / broker.GATEWAY_ONLY, f"{broker.GATEWAY}:{accounts(home)[broker.GATEWAY]}\n")


def _write_certificates(home: Path, certs: Authority) -> None:
    """The broker's own certificate, the revocation list, and a list of nobody's for as long as the gate is closed."""
    write_private(home / "ca.crt", certs.ca.read_text("utf-8"))
    write_private(home / "server.crt", certs.certificate("mosquitto").read_text("utf-8"))
    write_private(home / "server.key", certs.key("mosquitto").read_text("utf-8"))
    write_private(home / broker.REVOKED, certs.crl.read_text("utf-8"))
    if not (home / broker.NOBODYS_LIST).exists():
        nobody = signing.new_key()
        now = utc_now()
        closed = signing.revocation_list(signing.authority(nobody, "nobody", now), nobody, (), number=1, now=now)
        write_private(home / broker.NOBODYS_LIST, closed.public_bytes(Encoding.PEM).decode())


def render(ports: Ports, *, address: str = "127.0.0.1", tls: bool = False) -> str:
    """The broker's `mosquitto.conf`, with listeners on this address."""
    folder = files("deploy") / "mosquitto"
    template = (folder / "mosquitto.conf").read_text("utf-8")
    if tls:
        template += (folder / "tls.conf").read_text("utf-8")
    # Mosquitto leaves root for an account that cannot reach our folder, unless it is told to stay.
    account = "root" if os.geteuid() == 0 else "nobody"
    secured = "cafile ca.crt\ncertfile server.crt\nkeyfile server.key" if tls else ""
    return Template(template).substitute(ports.model_dump(), account=account, address=address, tls=secured)


def accounts(home: Path) -> dict[str, str]:
    """All accounts with their hashes."""
    return read_accounts(home / broker.ALL_ACCOUNTS)


def read_accounts(path: Path) -> dict[str, str]:
    """The accounts of one password file; none where there is no file."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return dict(line.split(":", 1) for line in lines if line)


def add_accounts(home: Path, passwords: Mapping[str, str]) -> None:
    """Add or change accounts of the stack's own; a device's name must be a `city/system/device`, else ValueError."""
    for name in passwords.keys() - {broker.GATEWAY, broker.PROBE}:
        parse_identity(name)
    with locked(home / "passwords.lock"):
        hashed = {name: mosquitto_hash(password, os.urandom(12)) for name, password in passwords.items()}
        registered = read_accounts(home / REGISTERED)
        own = {name: value for name, value in accounts(home).items() if name not in registered}
        _write_accounts(home / broker.ALL_ACCOUNTS, own | hashed | registered)


def set_registered(home: Path, hashes: Mapping[str, str]) -> None:
    """Replace the accounts that come from the device registry; they go before the stack's own of the same name."""
    with locked(home / "passwords.lock"):
        former = read_accounts(home / REGISTERED)
        own = {name: value for name, value in accounts(home).items() if name not in former}
        _write_accounts(home / REGISTERED, hashes)
        _write_accounts(home / broker.ALL_ACCOUNTS, own | dict(hashes))


def set_edge_nodes(home: Path, nodes: Mapping[str, str]) -> None:
    """Replace what devices may say in Sparkplug B: each speaks as its own `group/edge node` and hears its commands."""
    lines: list[str] = []
    for name, node in sorted(nodes.items()):
        group, edge = node.split("/")
        lines.append(f"user {name}")
        lines += [f"topic write spBv1.0/{group}/{kind}/{edge}" for kind in ("NBIRTH", "NDATA", "NDEATH")]
        lines += [f"topic write spBv1.0/{group}/{kind}/{edge}/+" for kind in ("DBIRTH", "DDATA", "DDEATH")]
        lines += [f"topic read spBv1.0/{group}/NCMD/{edge}", f"topic read spBv1.0/{group}/DCMD/{edge}/+", ""]
    write_private(home / EDGE_NODES, "\n".join(lines))
    _write_acl(home)


def _write_acl(home: Path) -> None:
    everybodys = (files("deploy") / "mosquitto" / "acl.conf").read_text("utf-8")
    write_private(home / "acl", f"{everybodys}\n{(home / EDGE_NODES).read_text('utf-8')}")


def _write_accounts(path: Path, hashes: Mapping[str, str]) -> None:
    write_private(path, "".join(f"{name}:{value}\n" for name, value in hashes.items()))


def accepts(port: int, username: str, password: str, certs: Authority | None = None, *, client_id: str = "") -> bool:
    """Whether the broker lets this account in: an MQTT 3.1.1 CONNECT, answered by CONNACK 0."""
    said = (client_id.encode(), username.encode(), password.encode())
    strings = b"".join(len(s).to_bytes(2, "big") + s for s in said)
    body = b"\x00\x04MQTT\x04\xc2\x00\x05" + strings
    packet = b"\x10" + _length(len(body)) + body
    try:
        with connected(port, certs) as connection:
            connection.sendall(packet)
            answer = connection.recv(4)
            connection.sendall(b"\xe0\x00")
    except OSError:
        return False
    return answer == b"\x20\x02\x00\x00"


def connected(port: int, certs: Authority | None) -> socket.socket:
    """A connection to a listener of the broker; OSError when there is none, or not the right one."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=2)
    if certs is None:
        return plain
    with plain:
        return client_context(certs.ca).wrap_socket(plain, server_hostname="127.0.0.1")


def _length(value: int) -> bytes:
    encoded = bytearray()
    while True:
        value, digit = divmod(value, 128)
        encoded.append(digit | (0x80 if value else 0))
        if not value:
            return bytes(encoded)
