"""An API alone on the bench's servers, and scores stored as the scorer would."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.stack import Program, Stack, StackError
from deploy.stack.tools import listening, wait_until
from tests.api.samples import CITY
from tests.bench.stacks import bench_stack, register


@contextmanager
def serving() -> Iterator[Stack]:
    """Servers, one registered city, the API; no scorer, so that the bench's own scores stand."""
    with bench_stack() as stack:
        register(stack, [CITY])
        env = {"AHUAL_API_STALL_S": "20", "AHUAL_API_HEARTBEAT_S": "30"}
        stack.start(Program(name="api", argv=(str(Path(sys.executable).parent / "ahual"), "api"), env=env))
        wait_until(lambda: listening(stack.ports.api), seconds=60, failure=_no_api)
        yield stack


def _no_api() -> StackError:
    return StackError("not_ready", name="api", seconds=60, detail="", log="")
