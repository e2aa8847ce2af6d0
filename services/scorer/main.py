"""Wiring: Kafka to PostgreSQL, and PostgreSQL's notices to the stored CityScore."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
from datetime import timedelta
from functools import partial
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from schemas.catalogue import Catalogue
from schemas.topics import DEAD_LETTERS, EVENTS
from services.cityscore.catalogue import load_catalogue
from services.cityscore.reloading import changed
from services.runtime import disks
from services.runtime.clock import Clock, utc_now
from services.runtime.database import listen, open_database
from services.runtime.kafka import open_consumer
from services.runtime.metrics import Metrics
from services.runtime.schema_version import wait_for_schema
from services.scorer import ledger_retention, retention
from services.scorer.adoption import Adoption
from services.scorer.cities import Cities
from services.scorer.closing import Closer
from services.scorer.commits import EventCommits
from services.scorer.consumer import BatchConsumer
from services.scorer.ledger_retention import LedgerRetention
from services.scorer.measures import compile_measures
from services.scorer.score_writer import ScoreWriter
from services.scorer.settings import ScorerSettings
from services.scorer.transaction import Outcome, commit_dead_letters

log = logging.getLogger(__name__)
HELD_S: Final = 8.0
"""A scorer that stands still in a transaction loses it, and the locks of its partition and city, before the group gives
the partition to another one: that one goes on at once, and whoever wakes up has written nothing."""
OBSERVED: Final = 200
"""Events of a batch whose latency is observed."""


async def run(settings: ScorerSettings, stop: asyncio.Event) -> None:
    """Score until `stop` is set, starting anew when the cities' own KPIs change.

    CatalogueError ends the process at start.
    """
    metrics = Metrics()
    metrics.serve(settings.metrics_host, settings.scorer_metrics_port, settings.metrics_certificate)
    disks.watch(settings.watched, metrics)
    catalogue = load_catalogue(own=settings.catalogue_folder)
    while not stop.is_set():
        ended = asyncio.Event()
        changes = asyncio.create_task(_next(catalogue, settings, ended))
        stopping = asyncio.create_task(_when(stop, ended))
        try:
            await _score(settings, catalogue, metrics, ended)
        finally:
            stopping.cancel()
            changes.cancel()
        if changes.done() and not changes.cancelled():
            catalogue = changes.result()
            log.info("catalogue changed, starting anew")


async def _next(catalogue: Catalogue, settings: ScorerSettings, ended: asyncio.Event) -> Catalogue:
    """Waits for a changed catalogue, then ends the work under the old one."""
    async for loaded in changed(catalogue, settings.catalogue_folder):
        ended.set()
        return loaded
    return await asyncio.Future()  # no folder, no change


async def _when(stop: asyncio.Event, ended: asyncio.Event) -> None:
    await stop.wait()
    ended.set()


async def _score(settings: ScorerSettings, catalogue: Catalogue, metrics: Metrics, stop: asyncio.Event) -> None:
    """Score by one catalogue until `stop` is set. MeasureError ends the process."""
    compiled = compile_measures(catalogue)
    engine = open_engine(settings, pool_size=5)
    # Of its own, so that a backlog on many partitions never keeps the score waiting for a connection.
    storing = open_engine(settings, pool_size=4)
    await wait_for_schema(engine, stop)
    cities = Cities(engine)
    await cities.refresh()
    await _remember(engine, catalogue)
    # A batch makes many objects and no cycles: looking for cycles all the time is a large share of the work.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    adoption = Adoption(settings.database_url, engine, catalogue, cities, utc_now)
    consumer = open_consumer(
        settings.kafka_bootstrap,
        group=settings.scorer_group,
        client_id=f"ahual-scorer-{socket.gethostname()}-{os.getpid()}",
        instance=settings.scorer_instance or None,
        tls=settings.client_tls(),
    )
    await _start(consumer, stop)
    batches = BatchConsumer(
        consumer,
        storing,
        {
            EVENTS: EventCommits(storing, compiled, cities, adoption, utc_now).commit,
            DEAD_LETTERS: partial(commit_dead_letters, storing, clock=utc_now),
        },
        metrics,
        batch_records=settings.scorer_batch_records,
    )
    keeping = None if settings.archive_folder else LedgerRetention(engine, compiled, utc_now)

    async def ledger() -> None:
        try:
            if keeping:
                await keeping.drop_old(cities.known)
        finally:
            await ledger_retention.measure(engine, utc_now, metrics)

    writer = ScoreWriter(engine, catalogue, utc_now, metrics)
    try:
        async with listen(settings.database_url, tables.CHANNEL_PARTS) as notices, asyncio.TaskGroup() as group:
            group.create_task(batches.run(stop, partial(_observe, metrics, utc_now)))
            group.create_task(adoption.watch(partial(_assigned, consumer), stop))
            group.create_task(retention.run(engine, utc_now, stop, ledger))
            reading = group.create_task(cities.keep_reading())
            closing = group.create_task(Closer(engine, catalogue, utc_now, metrics).run(stop))
            scoring = group.create_task(
                writer.run(
                    stop,
                    notices,
                    cadence=timedelta(seconds=settings.scorer_cadence_s),
                    pause=timedelta(seconds=settings.scorer_pause_s),
                )
            )
            await stop.wait()
            scoring.cancel()
            closing.cancel()
            reading.cancel()
    finally:
        await consumer.stop()
        await engine.dispose()
        await storing.dispose()


def open_engine(settings: ScorerSettings, *, pool_size: int) -> AsyncEngine:
    """Connections of a scorer, which tries again whatever fails."""
    return open_database(
        settings.database_url, pool_size=pool_size, application="ahual-scorer", pre_ping=False, held_s=HELD_S
    )


def _assigned(consumer: AIOKafkaConsumer) -> list[int]:
    return [partition.partition for partition in consumer.assignment() if partition.topic == EVENTS]


async def _start(consumer: AIOKafkaConsumer, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await consumer.start()
        except KafkaError as error:
            log.warning("waiting for Kafka", extra={"reason": str(error)})
            await asyncio.sleep(1)
        else:
            return


async def _remember(engine: AsyncEngine, catalogue: Catalogue) -> None:
    """Keep the catalogue's content under its hash, so that every stored score stays explainable."""
    version = {
        "hash": catalogue.hash,
        "version": catalogue.methodology.version,
        "content": catalogue.model_dump(mode="json"),
    }
    async with engine.begin() as connection:
        await connection.execute(insert(tables.catalogue_version).values(version).on_conflict_do_nothing())


def _observe(metrics: Metrics, clock: Clock, outcome: Outcome) -> None:
    """Latency from the event to its COMMIT, of live events (those a departmental system stamped)."""
    latency = metrics.histogram("ahual_scorer_event_latency_seconds")
    now = clock()
    for decoded in outcome.new[:: 1 + len(outcome.new) // OBSERVED]:
        if decoded.event.recordedtime is not None:
            latency.observe(max(0.0, (now - decoded.key.time).total_seconds()))
