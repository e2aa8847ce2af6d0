"""Running other people's programs, and waiting for servers."""

from __future__ import annotations

import asyncio
import re
import socket
import subprocess
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from deploy.files import locked as locked  # noqa: PLC0414 -- mypy wants a passed-on name said twice
from deploy.files import write_private as write_private  # noqa: PLC0414
from deploy.stack.errors import StackError

T = TypeVar("T")
POLL_S = 0.1


def run(
    argv: Sequence[str | Path],
    *,
    failure: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    account: str | None = None,
) -> str:
    """Standard output of a program; StackError `failure` with its last complaint when it is missing or fails."""
    try:
        done = subprocess.run(
            [str(word) for word in argv],
            cwd=cwd,
            env=env,
            user=account,
            extra_groups=None if account is None else [],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError as error:
        raise StackError("missing_tool", tool=argv[0]) from error
    output = f"{done.stdout}\n{done.stderr}"
    if done.returncode and "No space left on device" in output:
        raise StackError("disk_full", where=cwd or Path.cwd())
    if done.returncode:
        raise StackError(failure, detail=complaint(output) or f"{argv[0]}: {done.returncode}")
    return done.stdout


def complaint(output: str) -> str:
    """What says most about a failure: the first line that is marked as an error and goes on, else the last one."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    marked = (re.match(r"(?:E:|\[ERROR\]|FATAL:?|ERROR:?|error:) *(.+)", line) for line in lines)
    said = [found[1] for found in marked if found]
    return (said or lines[-1:] or [""])[0][:300]


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also where an event loop is running already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def listening(port: int) -> bool:
    """Whether somebody accepts connections on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], bool], *, seconds: float, failure: Callable[[], StackError]) -> None:
    """Ask every tenth of a second; the error when the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise failure()
        time.sleep(POLL_S)
