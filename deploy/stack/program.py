"""A program that runs under the stack's supervisor, and its section of the supervisor's configuration."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: restarted whenever it ends, ended with everything it started."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    account: str | None = None
    stop_signal: Literal["TERM", "INT"] = "TERM"
    stop_seconds: int = 20

    def section(self, log: Path) -> str:
        """The `[program:…]` section; output goes to `log`, 10 MB and one older file of it."""
        lines = {
            "command": escape(shlex.join(self.argv)),
            "directory": escape(str(self.cwd)) if self.cwd else None,
            "user": self.account,
            "environment": ",".join(f"{name}={escape(_quoted(value))}" for name, value in self.env.items()) or None,
            "autostart": "true",
            "autorestart": "true",
            "startsecs": "1",
            "startretries": "1000",
            "stopsignal": self.stop_signal,
            "stopwaitsecs": str(self.stop_seconds),
            "stopasgroup": "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": escape(str(log)),
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": "1",
        }
        body = "".join(f"{name}={value}\n" for name, value in lines.items() if value is not None)
        return f"[program:{self.name}]\n{body}"


def _quoted(value: str) -> str:
    """ValueError for what supervisor cannot be told: it strips quotes at both ends and knows no escapes."""
    mark = "'" if '"' in value else '"'
    if mark in value or value.strip("'\"") != value or "\n" in value:
        raise ValueError("a supervised program's variable holds both kinds of quotes, one at an end, or a line break")
    return f"{mark}{value}{mark}"


def escape(value: str) -> str:
    """Supervisor expands `%(…)s` in values."""
    return value.replace("%", "%%")
