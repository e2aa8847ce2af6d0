"""The process that starts, restarts and ends all others of a stack: supervisord on a unix socket."""

from __future__ import annotations

import http.client
import os
import resource
import socket
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deploy.stack import leftovers
from deploy.stack.errors import StackError
from deploy.stack.layout import Layout
from deploy.stack.program import Program, escape
from deploy.stack.tools import complaint, wait_until, write_private

STOP_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class ProgramStatus:
    """One line of `ahual stack status`."""

    name: str
    state: str
    pid: int | None
    uptime_s: int


class Supervisor:
    """Starts programs and keeps them running, across the life of the process that asked for it."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._socket = layout.run / "supervisor.sock"
        self._config = layout.folder / "supervisor" / "supervisord.conf"
        self._programs = layout.folder / "supervisor" / "programs"

    def running(self) -> bool:
        """Whether our supervisord answers."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def configured(self, programs: Iterable[Program]) -> bool:
        """Whether these programs are written down just as they are now."""
        return all(self._written(program) == program.section(self._layout.log(program.name)) for program in programs)

    def start(self, programs: Iterable[Program]) -> None:
        """Start supervisord, detached from us, with these programs and none of an earlier run."""
        self._programs.mkdir(parents=True, exist_ok=True)
        for old in self._programs.glob("*.ini"):
            old.unlink()
        for program in programs:
            self._write(program)
        write_private(self._config, self._render())
        self._socket.unlink(missing_ok=True)
        env = {**os.environ, leftovers.MARKER: str(self._layout.folder), "PYTHONUNBUFFERED": "1"}
        argv = [sys.executable, "-W", "ignore", "-m", "supervisor.supervisord", "-c", str(self._config)]
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise StackError("supervisor_failed", detail=complaint(done.stdout + done.stderr))
        wait_until(self.running, seconds=15, failure=lambda: StackError("supervisor_failed", detail=self._config))

    def add(self, program: Program) -> None:
        """Run one more program, or the same one anew when what it is has changed."""
        self._write(program)
        added, changed, _removed = self._call("reloadConfig")[0]
        if program.name in changed:
            self.remove(program.name, forget=False)
        if program.name in added or program.name in changed:
            self._call("addProcessGroup", program.name)
        elif self.status_of(program.name).pid is None:
            self._call("startProcess", program.name, False)

    def remove(self, name: str, *, forget: bool = True) -> None:
        """Stop a program and take it off the list."""
        self.stop(name)
        with suppress(xmlrpc.client.Fault):
            self._call("removeProcessGroup", name)
        if forget:
            (self._programs / f"{name}.ini").unlink(missing_ok=True)

    def stop(self, name: str) -> None:
        """Stop a program and wait for its end; it stays on the list."""
        with suppress(xmlrpc.client.Fault):
            self._call("stopProcess", name, True)

    def restart(self, name: str) -> None:
        """Start a stopped program, or stop and start a running one."""
        self.stop(name)
        self._call("startProcess", name, False)

    def signal(self, name: str, number: str) -> None:
        """Send a signal by its name, such as HUP."""
        self._call("signalProcess", name, number)

    def status(self) -> list[ProgramStatus]:
        """All programs; empty when nothing runs."""
        try:
            infos = self._call("getAllProcessInfo")
        except (OSError, http.client.HTTPException):
            return []
        return [
            ProgramStatus(
                name=info["name"],
                state=str(info["statename"]).lower(),
                pid=info["pid"] or None,
                uptime_s=max(0, info["now"] - info["start"]) if info["pid"] else 0,
            )
            for info in infos
        ]

    def status_of(self, name: str) -> ProgramStatus:
        """One program; `absent` when it is not on the list."""
        absent = ProgramStatus(name=name, state="absent", pid=None, uptime_s=0)
        return next((status for status in self.status() if status.name == name), absent)

    def shut_down(self) -> None:
        """Stop all programs, then supervisord."""
        with suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            self._call("shutdown")
            wait_until(lambda: not self._socket.exists(), seconds=STOP_S, failure=lambda: StackError("stop_failed"))

    def _call(self, method: str, *arguments: Any) -> Any:
        proxy = xmlrpc.client.ServerProxy("http://localhost", transport=_UnixTransport(self._socket))
        with proxy:
            return getattr(proxy.supervisor, method)(*arguments)

    def _written(self, program: Program) -> str:
        path = self._programs / f"{program.name}.ini"
        return path.read_text("utf-8") if path.exists() else ""

    def _write(self, program: Program) -> None:
        write_private(self._programs / f"{program.name}.ini", program.section(self._layout.log(program.name)))

    def _render(self) -> str:
        files = min(65_536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
        user = "user=root\n" if os.geteuid() == 0 else ""
        return f"""[unix_http_server]
file={escape(str(self._socket))}
chmod=0700
[supervisord]
logfile={escape(str(self._layout.log("supervisord")))}
logfile_maxbytes=5MB
logfile_backups=1
pidfile={escape(str(self._layout.run / "supervisord.pid"))}
childlogdir={escape(str(self._layout.folder / "logs"))}
minfds={files}
{user}[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
[include]
files=programs/*.ini
"""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=STOP_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = _UnixConnection(self._path)
        self._connection = host, connection  # what Transport.close() closes
        return connection
