"""What every process does around its own work: set up logging, run until told to stop, say why it failed."""

from __future__ import annotations

import asyncio
import errno
import logging
import signal
from collections.abc import Awaitable, Callable

import uvloop

from services.runtime import logging as json_logging

log = logging.getLogger(__name__)


def run(main: Callable[[asyncio.Event], Awaitable[None]], *, log_level: str) -> None:
    """Run `main(stop)`; SIGTERM and SIGINT set `stop`, upon which `main` finishes what it holds and returns.

    A port that is taken is one line in the log and exit code 1: somebody else has to be asked, not the traceback.
    """
    json_logging.configure(log_level)
    try:
        uvloop.run(_until_stopped(main))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        log.error("address in use", extra={"address": error.filename, "reason": error.strerror})
        raise SystemExit(1) from None


async def _until_stopped(main: Callable[[asyncio.Event], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await main(stop)
