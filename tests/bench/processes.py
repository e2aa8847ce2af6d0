"""CPU and memory of the installation's processes while something runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

from deploy.stack import Stack


@dataclass(slots=True)
class Usage:
    """By process name; CPU as a share of one core, memory as proportional set size in MiB at the end."""

    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)


@contextmanager
def measured(stack: Stack) -> Iterator[Usage]:
    """Everything under the stack's supervisor, with its children, and this process as `generator`."""
    pids = {status.name: status.pid for status in stack.status() if status.pid} | {"generator": os.getpid()}
    usage = Usage()
    before, began = {name: _seconds(pid) for name, pid in pids.items()}, time.monotonic()
    yield usage
    took = time.monotonic() - began
    usage.cpu = {name: (_seconds(pid) - before[name]) / took for name, pid in pids.items()}
    usage.memory = {name: _memory(pid) for name, pid in pids.items()}


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
