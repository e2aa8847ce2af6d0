"""The broker's accounts as the registry has them: taken up without a restart, sessions that lost theirs cut."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.certs.authority import Authority
from deploy.stack import broker, mosquitto
from deploy.stack.errors import StackError
from deploy.stack.tools import locked, wait_until, write_private
from services.ingest.devices import Credentials

CERTIFICATES: Final = "certificates.registry"
TAKEN_UP_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class RunningBroker:
    """A Mosquitto of this machine: its folder and ports, the gateway's password, and how it is told to read again."""

    home: Path
    device_port: int
    gateway_port: int
    gateway_password: str
    reload: Callable[[], None]
    certs: Authority | None = None

    def apply(self, credentials: Credentials) -> list[str]:
        """Make the broker's accounts those of the registry; the devices whose credentials went or changed.

        Returns when the broker has read them and cut those devices' sessions. StackError when it does not answer.
        """
        with locked(self.home / "credentials.lock"):
            gone = self._write(credentials)
            self.take_up()
        for name in gone:
            self._cut(name)
        return gone

    def take_up(self) -> None:
        """Let the broker read its files again, and wait until it has: it then knows a password made just now."""
        password = secrets.token_hex(16)
        mosquitto.add_accounts(self.home, {broker.PROBE: password})
        self.reload()
        wait_until(
            lambda: mosquitto.accepts(self.device_port, broker.PROBE, password, self.certs),
            seconds=TAKEN_UP_S,
            failure=lambda: StackError("broker_away", home=self.home),
        )

    def _write(self, credentials: Credentials) -> list[str]:
        before = mosquitto.read_accounts(self.home / mosquitto.REGISTERED)
        listed = self.home / CERTIFICATES
        showed = set(listed.read_text("utf-8").split()) if listed.exists() else set()
        mosquitto.set_registered(self.home, credentials.passwords)
        mosquitto.set_edge_nodes(self.home, credentials.edge_nodes)
        write_private(listed, "".join(f"{name}\n" for name in sorted(credentials.certificates)))
        if self.certs:
            write_private(self.home / broker.REVOKED, self.certs.crl.read_text("utf-8"))
        changed = {name for name, value in before.items() if credentials.passwords.get(name) != value}
        return sorted(changed | (showed - credentials.certificates))

    def _cut(self, name: str) -> None:
        """A device's client id is its name: whoever connects with it ends the session that has it."""
        mosquitto.accepts(self.gateway_port, broker.GATEWAY, self.gateway_password, self.certs, client_id=name)
