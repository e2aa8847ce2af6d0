"""`ahual export` in a process that dies at its n-th step on disk; forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Mapping
from typing import Any

from services.cli.main import build

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload([__name__, "services.export.main"])


def export(env: Mapping[str, str], steps: int | None = None) -> int:
    """Its exit code: -9 when it was killed because it took more steps than these."""
    process = _FORKING.Process(target=_export, args=(dict(env), steps))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


def _export(env: dict[str, str], steps: int | None) -> None:
    os.environ.update(env)
    if steps is not None:
        left = iter(range(steps))
        for name in ("fsync", "fchmod", "rename", "chmod"):
            setattr(os, name, _mortal(getattr(os, name), left))
    build("export")(["export"])


def _mortal(step: Callable[..., Any], left: Any) -> Callable[..., Any]:
    def call(*args: Any, **options: Any) -> Any:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(*args, **options)

    return call
