"""Processes that outlived their supervisor: found by a mark in their environment, so a reused process id cannot lie."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

import psutil

# Only supervisord is started with it, hence only what supervisord started carries it.
MARKER: Final = "AHUAL_STACK_OWNER"


def find(folder: Path) -> list[psutil.Process]:
    """All processes a supervisor of this folder's stack started, and itself; never us or who started us."""
    ours = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in ours and _is_of(process, folder)]


def end(folder: Path, *, patience_s: float = 20.0) -> None:
    """End them, politely first.

    PostgreSQL takes SIGINT as "end now, cleanly" and SIGTERM as "when everybody has left".
    """
    found = find(folder)
    supervisors = [process for process in found if _runs(process, "supervisor.supervisord")]
    for process in supervisors:
        # Before its programs, or it would start them again.
        _send(process, terminate=False)
    psutil.wait_procs(supervisors, timeout=5)
    programs = [process for process in found if process not in supervisors]
    for process in programs:
        _send(process, interrupt=_runs(process, "postgres"))
    _gone, alive = psutil.wait_procs(programs, timeout=patience_s)
    for process in alive:
        _send(process, terminate=False)
    psutil.wait_procs(alive, timeout=5)


def _send(process: psutil.Process, *, terminate: bool = True, interrupt: bool = False) -> None:
    try:
        if interrupt:
            process.send_signal(signal.SIGINT)
        elif terminate:
            process.terminate()
        else:
            process.kill()
    except psutil.NoSuchProcess:
        pass


def _is_of(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.environ().get(MARKER) == str(folder)
    except (psutil.Error, OSError):
        return False


def _runs(process: psutil.Process, word: str) -> bool:
    try:
        return any(word in argument for argument in process.cmdline())
    except psutil.Error:
        return False
