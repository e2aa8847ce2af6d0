"""Who types a command, for the record of who changed whose access."""

from __future__ import annotations

import getpass
import socket


def actor() -> str:
    """`account@machine`, of the operating system."""
    return f"{getpass.getuser()}@{socket.gethostname()}"
