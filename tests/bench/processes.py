"""CPU and memory of the installation's processes while something runs."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from deploy.stack import Stack


@dataclass(slots=True)
class Usage:
    """By process name; CPU as a share of one core up to the last mark (or the end), memory in MiB.

    `memory` is the proportional set size at the end, `peak` the largest resident set of the process itself so far.
    """

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    peak: dict[str, float] = field(default_factory=dict)
    read: Callable[[], dict[str, float]] = dict

    def mark(self) -> None:
        """CPU counts up to here."""
        self.cpu = self.read()


@contextmanager
def measured(stack: Stack) -> Iterator[Usage]:
    """Everything under the stack's supervisor, with its children, and this process as `generator`."""
    pids = {status.name: status.pid for status in stack.status() if status.pid} | {"generator": os.getpid()}
    before, began = {name: _seconds(pid) for name, pid in pids.items()}, time.monotonic()

    def cpu() -> dict[str, float]:
        took = time.monotonic() - began
        return {name: (_seconds(pid) - before[name]) / took for name, pid in pids.items()}

    usage = Usage(read=cpu)
    yield usage
    if not usage.cpu:
        usage.mark()
    usage.memory = {name: _memory(pid) for name, pid in pids.items()}
    usage.peak = {name: _peak(pid) for name, pid in pids.items()}


def resident(stack: Stack, name: str) -> float:
    """MiB of a program's family that are in memory now, shared pages counted once per process."""
    pid = stack.pid(name)
    return sum(member.memory_info().rss for member in _family(pid)) / 2**20 if pid else 0.0


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]


def _seconds(pid: int) -> float:
    """CPU time of a process and its children, those that have ended included."""
    own = psutil.Process(pid).cpu_times()
    total = own.children_user + own.children_system
    for member in _family(pid):
        try:
            times = member.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return float(total)


def _memory(pid: int) -> float:
    total = 0
    for member in _family(pid):
        try:
            total += member.memory_full_info().pss
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return total / 2**20


def _peak(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text("utf-8"))
    return int(found[1]) / 1024 if found else 0.0
