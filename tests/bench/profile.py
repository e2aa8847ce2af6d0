"""Where the scorer's time goes during a replay: py-spy's samples, by our module and by function."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.stack import Stack
from tests.bench.tables import table
from tests.bench.venvs import python_of

RATE: Final = 200
"""Samples a second."""
SHOWN: Final = 16
_OURS: Final = re.compile(r"\((?:services|schemas)/[^)]*\)")
_IDLE: Final = re.compile(r"serve_forever|_PollLikeSelector")
"""The thread of the metrics endpoint."""


@contextmanager
def profiled(stack: Stack, name: str) -> Iterator[Path]:
    """Samples of a program from its start on; the file is complete after the block."""
    samples = stack.layout.folder.absolute() / f"{name}.samples"
    spy = python_of("py_spy").parent / "py-spy"
    while (pid := stack.pid(name)) is None:
        time.sleep(0.05)
    to = ("--pid", str(pid), "--rate", str(RATE), "--format", "raw", "--output", str(samples))
    process = subprocess.Popen((str(spy), "record", *to), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield samples
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def tables_of(samples: Path) -> str:
    """By our innermost module with all that it calls, and by function alone."""
    modules, functions = Counter[str](), Counter[str]()
    for stack, count in _stacks(samples.read_text("utf-8").splitlines()):
        functions[stack[-1]] += count
        modules[next((_module(frame) for frame in reversed(stack) if _OURS.search(frame)), "event loop")] += count
    total = max(1, modules.total())
    rows = [(name, 100 * count / total) for name, count in modules.most_common(SHOWN)]
    others = [(name, 100 * count / total) for name, count in functions.most_common(SHOWN)]
    by_module = table(f"The scorer's samples ({total:,}) by our module, with what it calls", ("module", "%"), rows)
    return by_module + "\n" + table("The same by function alone", ("function", "%"), others)


def _stacks(lines: Iterable[str]) -> Iterator[tuple[list[str], int]]:
    for line in lines:
        text, _, count = line.rpartition(" ")
        if text and not _IDLE.search(text):
            yield [re.sub(r":\d+\)$", ")", frame) for frame in text.split(";")], int(count)


def _module(frame: str) -> str:
    return frame.rpartition("(")[2].rstrip(")")
