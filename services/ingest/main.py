"""Wiring of the gateway process: MQTT gateway, HTTP intake, Kafka, API keys, metrics."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from schemas.inventories import load_inventories
from services.ingest import inventories
from services.ingest.forwarder import Forwarder
from services.ingest.gateway import Gateway
from services.ingest.intake import Intake, create_app
from services.ingest.keys import KeyRing
from services.ingest.registry_reader import RegistryReader
from services.ingest.settings import IngestSettings
from services.runtime import process
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.runtime.kafka import open_producer
from services.runtime.metrics import Metrics

log = logging.getLogger(__name__)
QUIET_S: Final = 3.0
"""A session from which nothing more came for so long is empty."""


def run(settings: IngestSettings) -> None:
    """Run until told to stop."""
    process.run(lambda stop: serve(settings, stop), log_level=settings.log_level)


def retire(settings: IngestSettings) -> bool:
    """Empty the session of a gateway that will not come back and end it at the broker; False when told to stop first.

    The gateway itself must not run any more: the broker would hand the session to and fro between the two.
    """
    emptied = False

    async def empty(stop: asyncio.Event) -> None:
        nonlocal emptied
        emptied = await _empty(settings, stop)

    process.run(empty, log_level=settings.log_level)
    return emptied


async def _empty(settings: IngestSettings, stop: asyncio.Event) -> bool:
    metrics = Metrics()
    forwarder = _forwarder(settings, metrics)
    engine = open_database(settings.database_url, pool_size=1, application="ahual-ingest")
    reader = RegistryReader(engine)
    gateway = Gateway(settings, forwarder, reader.registry, utc_now, metrics, privacy=settings.privacy(), retiring=True)
    opening = asyncio.create_task(_opened(forwarder, reader))
    tasks = [opening]
    emptied = False
    try:
        if await _before(stop, opening):
            emptying = asyncio.create_task(gateway.emptied(QUIET_S))
            tasks += [emptying, asyncio.create_task(gateway.run())]
            await _first(stop, emptying)
            emptied = emptying.done()
    finally:
        await gateway.stop(end_session=emptied)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await forwarder.close()
        await engine.dispose()
    return emptied


async def _opened(forwarder: Forwarder, reader: RegistryReader) -> None:
    """What a gateway must have before it takes anything in."""
    await asyncio.gather(forwarder.start(), reader.load())


async def serve(settings: IngestSettings, stop: asyncio.Event) -> None:
    """Everything of one gateway process, from opening to draining."""
    metrics = Metrics()
    metrics.serve(settings.metrics_host, settings.ingest_metrics_port, settings.metrics_certificate)
    forwarder = _forwarder(settings, metrics)
    privacy = settings.privacy()
    engine = open_database(settings.database_url, pool_size=2, application="ahual-ingest")
    reader = RegistryReader(engine)
    gateway = Gateway(settings, forwarder, reader.registry, utc_now, metrics, privacy=privacy)
    keys = KeyRing(engine)
    web = _web(Intake(settings, forwarder, gateway, keys, utc_now, metrics, settings.department_quota, privacy))
    background = [asyncio.create_task(keys.keep_fresh(settings.ingest_keys_refresh_s))]
    if settings.privacy_keys_file:
        background.append(asyncio.create_task(privacy.pseudonyms.keep_fresh(settings.privacy_keys_file)))
    serving = asyncio.create_task(web.serve())
    opening = asyncio.create_task(_opened(forwarder, reader))
    try:
        if await _before(stop, opening):
            background.append(asyncio.create_task(reader.keep_fresh(settings.ingest_registry_refresh_s)))
            background.append(
                asyncio.create_task(inventories.run(engine, forwarder, load_inventories().totals, utc_now))
            )
            background.append(asyncio.create_task(gateway.run()))
            await _first(stop, serving, *background)
    finally:
        web.should_exit = True
        await gateway.stop()
        await serving
        for task in (opening, *background):
            task.cancel()
        results = await asyncio.gather(opening, *background, return_exceptions=True)
        await forwarder.close()
        await engine.dispose()
    for result in results:
        if isinstance(result, Exception):
            raise result


def _forwarder(settings: IngestSettings, metrics: Metrics) -> Forwarder:
    tls = settings.client_tls()
    return Forwarder(
        lambda: open_producer(settings.kafka_bootstrap, client_id=settings.mqtt_client_id, tls=tls), metrics
    )


async def _before(stop: asyncio.Event, task: asyncio.Task[None]) -> bool:
    """Whether the task was done before the order to stop."""
    await _first(stop, task)
    return task.done()


async def _first(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for the order to stop, or for the end of a task, which no task of ours should come to by itself."""
    ordered = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait([ordered, *tasks], return_when=asyncio.FIRST_COMPLETED)
    finally:
        ordered.cancel()


class _Server(uvicorn.Server):
    """Signals belong to `services.runtime.process`."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _web(intake: Intake) -> uvicorn.Server:
    own = intake.settings.own_certificate
    config = uvicorn.Config(
        create_app(intake),
        host=intake.settings.ingest_http_host,
        port=intake.settings.ingest_http_port,
        ssl_certfile=own and own.certificate,
        ssl_keyfile=own and own.key,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=int(intake.settings.ingest_drain_s),
    )
    return _Server(config)
