"""`ahual device check`: does what a device sends conform, and if not, why. A file's, or in the running system."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple, get_args

import sqlalchemy as sa
import typer
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.dead_letter import DeadLetter
from schemas.device import Device
from schemas.identity import SHARED_CHANNELS, Channel, Identity
from schemas.tables import dead_letter
from schemas.topics import DEAD_LETTERS, EVENTS
from services.cli.device_registry import AsJson, Name, identity_of, read_rows
from services.cli.running import fail, with_database
from services.cli.settings import load
from services.ingest.channels import accept_message
from services.ingest.registry import DeviceRegistry
from services.ingest.registry_reader import RegistryReader
from services.ingest.settings import IngestSettings
from services.ingest.validation import Accepted, Limits, Outcome
from services.runtime.clock import utc_now
from services.runtime.kafka import security
from services.runtime.messages import text

SCORERS: Final = "kafka"
"""How the topic of a dead letter begins that the scorer wrote."""
SCORER_S: Final = 3.0
"""How long the scorer is given for the last messages."""


class Verdict(NamedTuple):
    """What became of one message, or of the part of it that was rejected."""

    message: str
    """Which one: file and line, or when it came."""
    accepted: bool
    type: str = ""
    id: str = ""
    time: str = ""
    readings: int | None = None
    clockless: bool = False
    reason: str = ""
    field: str | None = None
    detail: str = ""

    def sentence(self) -> str:
        """For people: accepted as what, or why not and what to do."""
        if self.accepted:
            what = text("registry.check_readings", count=self.readings) if self.readings is not None else self.type
            clock = f"  {text('registry.check_clockless')}" if self.clockless else ""
            return f"{self.message}  {text('registry.check_accepted')}  {what}  {self.time}{clock}"
        place = f" {self.field}" if self.field else ""
        advice = text(f"ingest.reason_{self.reason}")
        return (
            f"{self.message}  {text('registry.check_rejected')}  {self.reason}{place}\n    {advice}\n    {self.detail}"
        )


def check(
    name: Name,
    files: Annotated[list[Path] | None, typer.Argument(help=text("registry.check_files"))] = None,
    channel: Annotated[str, typer.Option("--channel", help=text("registry.check_channel"))] = "senml",
    content_type: Annotated[str, typer.Option("--content-type", help=text("registry.check_content_type"))] = "",
    lines: Annotated[bool, typer.Option("--lines", help=text("registry.check_lines"))] = False,
    registry: Annotated[Path | None, typer.Option("--registry", help=text("registry.check_registry"))] = None,
    listen: Annotated[float | None, typer.Option("--listen", min=1, help=text("registry.check_listen"))] = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a device's messages conform; exit code 1 when one does not, or when none was seen."""
    identity = identity_of(name)
    if (listen is None) == (not files) or channel not in SHARED_CHANNELS:
        fail("registry.check_which", channels=", ".join(SHARED_CHANNELS))
    if listen is None:
        known = _registry(registry)
        named: Channel = next(one for one in get_args(Channel) if one == channel)
        verdicts = [
            verdict
            for message, payload in _payloads(files or (), lines=lines)
            for verdict in judged(identity, named, message, payload, content_type, known, utc_now())
        ]
    else:
        verdicts = asyncio.run(with_database(lambda engine: _listen(engine, identity, listen)))
    _tell(verdicts, as_json=as_json)


def judged(
    identity: Identity,
    channel: Channel,
    message: str,
    payload: bytes,
    content_type: str,
    registry: DeviceRegistry,
    now: datetime,
) -> list[Verdict]:
    """What a gateway would make of a payload."""
    outcomes = accept_message(identity, channel, payload, now, Limits(), registry, content_type=content_type)
    return [_of_outcome(message, outcome) for outcome in outcomes] or [Verdict(message, True, readings=0)]


def _registry(file: Path | None) -> DeviceRegistry:
    if file is None:
        return asyncio.run(with_database(_stored))
    return DeviceRegistry(read_rows(file, Device))


async def _stored(engine: AsyncEngine) -> DeviceRegistry:
    reader = RegistryReader(engine)
    await reader.refresh()
    return reader.registry


def _payloads(files: Sequence[Path], *, lines: bool) -> Iterator[tuple[str, bytes]]:
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            fail("registry.bad_file", file=file, problem=error)
        if not lines:
            yield file.name, content
        for number, line in enumerate(content.splitlines() if lines else (), start=1):
            if line.strip():
                yield f"{file.name}:{number}", line


def _of_outcome(message: str, outcome: Outcome) -> Verdict:
    if isinstance(outcome, Accepted):
        return _of_event(message, outcome.body)
    return Verdict(message, False, reason=outcome.reason.value, field=outcome.field, detail=outcome.detail)


def _of_event(message: str, body: bytes) -> Verdict:
    event = json.loads(body)
    readings = event.get("data", {}).get("readings")
    return Verdict(
        message,
        True,
        event["type"],
        event["id"],
        event["time"],
        None if readings is None else len(readings),
        event.get("clockless", False),
    )


async def _listen(engine: AsyncEngine, identity: Identity, seconds: float) -> list[Verdict]:
    """What gateways write of this device to Kafka from now on, and what the scorer then refuses."""
    since = utc_now()
    typer.echo(text("registry.check_listening", device=identity, seconds=round(seconds)), err=True)
    try:
        verdicts = [verdict async for verdict in _heard(identity, seconds)]
    except KafkaError as error:
        fail("registry.check_no_kafka", problem=error)
    await asyncio.sleep(SCORER_S if verdicts else 0)
    return verdicts + await _refused(engine, identity, since)


async def _heard(identity: Identity, seconds: float) -> AsyncIterator[Verdict]:
    settings = load(IngestSettings)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap, client_id="ahual-check", **security(settings.client_tls())
    )
    await consumer.start()
    try:
        partitions = [
            TopicPartition(topic, number)
            for topic in (EVENTS, DEAD_LETTERS)
            for number in await _partitions(consumer, topic)
        ]
        consumer.assign(partitions)
        await consumer.seek_to_end(*partitions)
        for partition in partitions:
            await consumer.position(partition)
        end = asyncio.get_running_loop().time() + seconds
        while (left := end - asyncio.get_running_loop().time()) > 0:
            for partition, records in (await consumer.getmany(timeout_ms=min(500, round(left * 1000)))).items():
                for record in records:
                    if record.key == identity.key:
                        yield _of_record(partition.topic, record)
    finally:
        await consumer.stop()


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    while not (found := consumer.partitions_for_topic(topic)):
        consumer.subscribe([topic])
        await consumer.getmany(timeout_ms=200)
        consumer.unsubscribe()
    return set(found)


def _of_record(topic: str, record: Any) -> Verdict:
    came = f"{datetime.fromtimestamp(record.timestamp / 1000, utc_now().tzinfo):%H:%M:%S}"
    if topic == EVENTS:
        return _of_event(came, record.value)
    letter = DeadLetter.model_validate_json(record.value)
    return Verdict(came, False, reason=letter.reason.value, field=letter.field, detail=letter.detail)


async def _refused(engine: AsyncEngine, identity: Identity, since: datetime) -> list[Verdict]:
    """What the scorer refused of the device."""
    columns = (dead_letter.c.city, dead_letter.c.system, dead_letter.c.device)
    query = sa.select(dead_letter).where(
        sa.tuple_(*columns) == identity, dead_letter.c.rejected_at >= since, dead_letter.c.topic.startswith(SCORERS)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query.order_by(dead_letter.c.id))).all()
    return [
        Verdict(f"{row.rejected_at:%H:%M:%S}", False, reason=row.reason, field=row.field, detail=row.detail)
        for row in rows
    ]


def _tell(verdicts: Sequence[Verdict], *, as_json: bool) -> None:
    good = sum(verdict.accepted for verdict in verdicts)
    if as_json:
        typer.echo(json.dumps([verdict._asdict() for verdict in verdicts], ensure_ascii=False))
    else:
        for verdict in verdicts:
            typer.echo(verdict.sentence())
        typer.echo(text("registry.check_sum", good=good, bad=len(verdicts) - good), err=True)
    if not verdicts or good < len(verdicts):
        raise typer.Exit(1)
