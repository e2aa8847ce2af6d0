"""What every process does around its own work: set up logging, run until told to stop, say why it failed."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable

import uvloop

from services.runtime import logging as json_logging

log = logging.getLogger(__name__)


def run(main: Callable[[asyncio.Event], Awaitable[None]], *, log_level: str) -> None:
    """Run `main(stop)`; SIGTERM and SIGINT set `stop`, upon which `main` finishes what it holds and returns."""
    json_logging.configure(log_level)
    uvloop.run(_until_stopped(main))


async def _until_stopped(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(stop)
