"""What running programs tell from outside: memory, children included and what they share counted once, and metrics."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import psutil

from deploy.stack import Stack

MIB = 1 << 20


def occupied(pid: int) -> int:
    """Proportional set size of a process and all it started, in MiB; 0 when it is gone."""
    total = 0
    with suppress(psutil.NoSuchProcess):
        root = psutil.Process(pid)
        for process in [root, *root.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += process.memory_full_info().pss
    return total // MIB


def by_program(stack: Stack) -> Mapping[str, int]:
    """MiB of everything the stack runs."""
    return {status.name: occupied(status.pid) for status in stack.status() if status.pid is not None}


def series(exposition: str) -> Mapping[str, float]:
    """Prometheus' text format, as numbers by series."""
    lines = (line.rpartition(" ") for line in exposition.splitlines() if line[:1] not in ("#", ""))
    return {name: float(value) for name, _, value in lines}
