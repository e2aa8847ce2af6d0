"""The API process: wiring only."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from services.api.app import create_app
from services.api.recomputing import MakeRecomputing
from services.api.settings import ApiSettings
from services.runtime import process


class _Server(uvicorn.Server):
    """Leaves the signals to `process.run`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    settings: ApiSettings, stop: asyncio.Event, recomputer: MakeRecomputing, migration_head: str | None = None
) -> None:
    """Serve until `stop` is set: then end the live streams, finish the requests, close."""
    own = settings.own_certificate
    server = _Server(
        uvicorn.Config(
            create_app(settings, recomputer, stopping=stop, migration_head=migration_head),
            host=settings.api_host,
            port=settings.api_port,
            ssl_certfile=own and own.certificate,
            ssl_keyfile=own and own.key,
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=4096,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=3,
        )
    )
    # With thousands of live streams a search for cycles through all there is takes 0.4 s, and came every five seconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    serving = asyncio.create_task(server.serve())
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    server.should_exit = True
    await serving


def main(settings: ApiSettings, recomputer: MakeRecomputing, migration_head: str | None = None) -> None:
    """Run until SIGTERM or SIGINT."""
    process.run(lambda stop: serve(settings, stop, recomputer, migration_head), log_level=settings.log_level)
