"""The passwords of one stack: made at the first start, kept in its folder, derived for devices."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from deploy.stack.tools import write_private


@dataclass(frozen=True, slots=True)
class Passwords:
    """One secret per account; letters and digits only, so that no configuration format needs quoting."""

    superuser: str
    owner: str
    reader: str
    ingest: str
    scorer: str
    api: str
    export: str
    notify: str
    broker: str
    gateway: str
    devices: str

    @classmethod
    def load(cls, path: Path) -> Passwords:
        """Read the file; what it lacks is made and written (mode 0600)."""
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        read = dict(line.split("=", 1) for line in lines if line)
        made = cls(**{field.name: read.get(field.name) or secrets.token_hex(16) for field in fields(cls)})
        if asdict(made) != read:
            write_private(path, "".join(f"{name}={value}\n" for name, value in asdict(made).items()))
        return made

    def of_device(self, identity: str) -> str:
        """The password of a device: always the same for one stack, and useless in another."""
        return hmac.new(self.devices.encode(), identity.encode(), hashlib.sha256).hexdigest()[:32]


def mosquitto_hash(password: str, salt: bytes, iterations: int = 101) -> str:
    """What `mosquitto_passwd` writes: PBKDF2-SHA512, `$7$iterations$salt$hash`; Mosquitto wants a salt of 12 bytes."""
    derived = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, iterations)
    return f"$7${iterations}${base64.b64encode(salt).decode()}${base64.b64encode(derived).decode()}"
