"""One more API beside the one of a simulated city, with settings of its own."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from deploy.stack import Program, Stack, StackError
from deploy.stack.tools import wait_until
from tests.installation import READY_S, answers

NAME: Final = "api-beside"
NOT_OPEN: Final = {"AHUAL_API_OPERATOR_TOKEN": "so-that-it-is-closed"}
"""As outside a demo."""


@asynccontextmanager
async def api_beside(stack: Stack, settings: Mapping[str, str], port: int | None = None) -> AsyncIterator[str]:
    """Its address; one at a time."""
    port = port or free_port()
    argv = (str(Path(sys.executable).with_name("ahual")), "api")
    env = {**stack.env("api"), "AHUAL_API_PORT": str(port), **settings}
    stack.start(Program(name=NAME, argv=argv, env=env))
    try:
        await asyncio.to_thread(_wait, stack, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        await asyncio.to_thread(stack.stop, NAME)


def _wait(stack: Stack, port: int) -> None:
    failure = StackError("not_ready", name=NAME, seconds=round(READY_S), detail="", log=stack.layout.log(NAME))
    wait_until(lambda: answers(port), seconds=READY_S, failure=lambda: failure)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
