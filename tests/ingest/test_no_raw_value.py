"""Planted plates, phones and accounts reach no topic, no table, no archive, no log and no name, however they came.

Everything runs for real, with the log level at DEBUG. What is searched is first shown to be searchable: the pseudonyms
of the same values, and the ids of the events that carry them, are found where the raw values are not.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import httpx2
import pytest
import sqlalchemy as sa
from aiokafka import AIOKafkaConsumer, TopicPartition
from pydantic import SecretStr

from deploy.stack import Stack
from schemas import tables
from schemas.device import Device, read_channels
from schemas.identity import Identity
from schemas.personal import Kind, city_secret, pseudonym
from schemas.topics import load_topics
from services.cli.key import add_key
from services.ingest import register
from services.ingest.intake import BATCH
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from services.scorer.bodies import unpack
from tests.installation import Installation, services_on
from tests.publishing import publish_all
from tests.waiting import eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(240)]

SETTINGS: Final = {
    "AHUAL_LOG_LEVEL": "DEBUG",
    "AHUAL_INGEST_REGISTRY_REFRESH_S": "0.5",
    "AHUAL_INGEST_KEYS_REFRESH_S": "0.5",
}


@dataclass(frozen=True, slots=True)
class Planted:
    """Values nobody else uses, in the spellings in which they are sent."""

    run: str
    plate: str
    account: str
    phone: str

    @classmethod
    def at_random(cls) -> Planted:
        dice = random.Random()
        digits = "".join(dice.choices("0123456789", k=12))
        letters = "".join(dice.choices("QWZVFJ", k=3))
        phone = f"+7 701 {digits[3:6]} {digits[6:10]}"
        return cls(f"run{digits[:8]}", f"{digits[:3]} {letters} 19", f"77{digits}55", phone)

    def spellings(self) -> list[bytes]:
        """Each as it was sent and as it may come out."""
        raw = (self.plate, self.account, self.phone)
        plain = {value.replace(" ", "") for value in raw}
        other = {self.phone.replace(" ", "")[1:], self.plate.replace(" ", "-")}
        return [text.encode() for value in {*raw, *plain, *other} for text in {value, value.lower()}]


def charge(planted: Planted, sender: Identity, name: str, when: datetime, **members: Any) -> dict[str, Any]:
    """An event that is valid but for what `members` spoil; None removes one."""
    event = {
        "specversion": "1.0",
        "type": "kz.ahual.settlement-centre.charge-issued.v1",
        "source": sender.source,
        "id": f"{planted.run}-{name}",
        "time": when.isoformat(),
        "data": {
            "charge": f"{planted.run}-{name}",
            "account": planted.account,
            "service": "water",
            "amount_tiyn": 100,
            "charged_at": when.isoformat(),
            "due_at": (when + timedelta(days=20)).isoformat(),
            "automated": True,
        },
    }
    return {key: value for key, value in {**event, **members}.items() if value is not None}


async def before_the_floor(url: SecretStr) -> datetime:
    """A moment of which no event is kept; an hour before the floor, which other tests move."""
    engine = open_database(url, application="tests")
    async with engine.connect() as connection:
        floor: datetime = (await connection.execute(sa.select(sa.func.min(tables.ledger_floor.c.floor)))).scalar_one()
    await engine.dispose()
    return min(floor, utc_now() - timedelta(days=1)) - timedelta(hours=1)


def messages(planted: Planted, sender: Identity, now: datetime, old: datetime) -> tuple[list[bytes], list[bytes]]:
    """Those that are taken in (once they arrive), and those that are not."""

    def made(name: str, **members: Any) -> dict[str, Any]:
        return charge(planted, sender, name, now, **members)

    data = made("x")["data"]
    good = [made("plain"), made("spelt", data={**data, "account": f" {planted.account[:4]}-{planted.account[4:]}"})]
    good += [made("unnamed", id=None), made("clockless", time=None), made("too-old", time=old.isoformat())]
    conflict = made("plain", data={**data, "account": planted.plate})
    bad: list[Any] = [
        made("unknown-field", data={**data, "payer": planted.phone}),
        made("field-named-so", data={**data, planted.phone: 1}),
        made("member-named-so", **{planted.plate.replace(" ", ""): planted.phone}),
        made("wrong-field", data={**data, "amount_tiyn": planted.phone}),
        made("wrong-time", data={**data, "due_at": planted.phone}),
        made("foreign-key", data={**data, "account": f"p1:zzzz9:{'A' * 22}", "district": planted.phone}),
        made("half-hashed", data={**data, "account": f"p1:{planted.account}"}),
        made("phone-as-id", id=planted.phone),
        made("phone-as-subject", subject=planted.phone),
        made("phone-as-case", data={**data, "charge": planted.phone}),
        made("phone-as-source", source=f"/{planted.phone}"),
        made("phone-as-type", type=planted.phone),
        made("future", time=(now + timedelta(days=1)).isoformat()),
        [planted.plate],
        planted.phone,
        {planted.phone: planted.plate},
    ]
    raw = [json.dumps(event).encode() for event in bad]
    raw += [raw[0][:-2], raw[0][:200], f"\xff{planted.phone}".encode("latin-1"), planted.plate.encode()]
    raw += [b"[" * 500 + planted.phone.encode(), planted.phone.encode() + b" " * 300_000]
    return [json.dumps(event).encode() for event in (*good, conflict)], raw


def violation(planted: Planted, camera: Identity, now: datetime) -> bytes:
    """Of a camera, with the plate as it read it."""
    data = {"violation": f"{planted.run}-v", "camera": "cam-1", "kind": "red-light", "recorded_at": now.isoformat()}
    event: dict[str, Any] = {"specversion": "1.0", "type": "kz.ahual.video.violation-recorded.v1"}
    event |= {"source": camera.source, "id": f"{planted.run}-v", "time": now.isoformat()}
    event |= {"data": {**data, "plate": planted.plate}}
    return json.dumps(event).encode()


async def send_as_text(installation: Installation, sender: Identity, planted: Planted) -> None:
    """A sensor whose registered channel is free text says what it must not."""
    engine = open_database(installation.database_url, application="tests")
    await register.put(engine, [Device(**sender._asdict(), channels=read_channels("S=state"))], "tests")
    await engine.dispose()
    password = await asyncio.to_thread(installation.stack.add_device, str(sender))
    packs = [json.dumps([{"n": name, "vs": planted.phone}]).encode() for name in ("S", planted.phone)]

    async def understood() -> bool:
        await publish_all(installation.stack.ports.mqtt, str(sender), password, packs, channel="senml")
        await asyncio.sleep(1)
        return (await letters_of(installation.database_url, installation.city))["unknown_channel"] > 0

    assert await eventually(understood, within_s=60)


async def send_over_mqtt(stack: Stack, device: Identity, payloads: list[bytes]) -> None:
    password = await asyncio.to_thread(stack.add_device, str(device))
    await publish_all(stack.ports.mqtt, str(device), password, payloads)
    await publish_all(stack.ports.mqtt, str(device), password, payloads[:3], channel="senml")


async def send_over_http(stack: Stack, planted: Planted, department: Identity, payloads: list[bytes]) -> None:
    engine = open_database(SecretStr(stack.env()["AHUAL_DATABASE_URL"]), application="tests")
    key = await add_key(engine, department)
    await engine.dispose()
    assert key
    url = f"http://127.0.0.1:{stack.ports.ingest_http}"
    async with httpx2.AsyncClient(base_url=url, headers={"X-API-Key": key.text}, timeout=30) as client:

        async def known() -> bool:
            return (await client.post("/v1/events", content=b"[]", headers={"Content-Type": BATCH})).status_code != 401

        assert await eventually(known, within_s=60)
        for payload in payloads:
            answer = await client.post("/v1/events", content=b"[" + payload + b"]", headers={"Content-Type": BATCH})
            assert answer.status_code in (200, 413, 422), answer.text
        for path in (f"/v1/events/{planted.account}", f"/v1/events?plate={planted.account}"):
            await client.post(path, content=payloads[0], headers={"Content-Type": planted.account})
        await client.post("/v1/events", headers={"X-API-Key": planted.account})


async def kafka_holds(stack: Stack) -> list[bytes]:
    """Every record of every topic, keys and headers too, and the topics' names."""
    consumer = AIOKafkaConsumer(bootstrap_servers=stack.kafka_bootstrap)
    await consumer.start()
    found = [name.encode() for name in await consumer.topics()]
    try:
        partitions = [TopicPartition(name, n) for name, topic in load_topics().items() for n in range(topic.partitions)]
        consumer.assign(partitions)
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [(r.key or b"") + b"\n" + (r.value or b"") + str(r.headers).encode() for r in records]
    finally:
        await consumer.stop()
    return found


async def database_holds(url: SecretStr) -> list[bytes]:
    """Every value of every table; compressed bodies unpacked."""
    engine = open_database(url, application="tests")
    found: list[bytes] = []
    async with engine.connect() as connection:
        for table in tables.metadata.sorted_tables:
            for row in await connection.execute(sa.select(table)):
                found += [piece for name, value in row._mapping.items() for piece in pieces(table.name, name, value)]
    await engine.dispose()
    return found


def pieces(table: str, column: str, value: Any) -> Iterator[bytes]:
    if isinstance(value, bytes):
        yield from unpack(value) if table.startswith("ledger_batch") and column == "bodies" else (value,)
    elif value is not None:
        yield str(value).encode()


def logs_hold(stack: Stack) -> list[bytes]:
    """What every server and service of the stack has logged."""
    return [path.read_bytes() for path in sorted((stack.layout.folder / "logs").iterdir()) if path.is_file()]


def found_in(holding: list[bytes], values: list[bytes]) -> list[bytes]:
    return [value for value in values if any(value in piece for piece in holding)]


async def letters_of(url: SecretStr, city: str) -> Counter[str]:
    """How many dead letters of each reason the city has."""
    engine = open_database(url, application="tests")
    c = tables.dead_letter.c
    async with engine.connect() as connection:
        reasons = (await connection.execute(sa.select(c.reason).where(c.city == city))).scalars().all()
    await engine.dispose()
    return Counter(reasons)


@pytest.fixture(scope="module")
def running(stack: Stack) -> Iterator[Installation]:
    with services_on(stack, settings=SETTINGS) as installation:
        yield installation


def test_no_raw_value_leaves_the_gateway(stack: Stack, running: Installation) -> None:
    planted = Planted.at_random()
    device = Identity(running.city, "settlement-centre", "erc-1")
    stranger = Identity(f"{running.city}-x", "settlement-centre", "erc-1")
    old = asyncio.run(before_the_floor(running.database_url))
    good, bad = messages(planted, device, utc_now().astimezone(UTC), old)
    unregistered, _ = messages(planted, stranger, utc_now(), old)
    asyncio.run(send_over_mqtt(stack, device, good + bad))
    asyncio.run(send_over_mqtt(stack, stranger, unregistered[:1]))
    camera = Identity(running.city, "video", "camera-1")
    asyncio.run(send_over_mqtt(stack, camera, [violation(planted, camera, utc_now())]))
    asyncio.run(send_as_text(running, Identity(running.city, "video", "sensor-1"), planted))
    asyncio.run(send_over_http(stack, planted, device, good + bad))

    async def settled() -> bool:
        counts = await letters_of(running.database_url, running.city)
        assert {"conflict", "too_old", "unknown_channel"} <= set(counts), counts
        assert counts.total() >= 2 * len(bad), counts
        return True

    asyncio.run(eventually(settled, within_s=60))
    kafka = asyncio.run(kafka_holds(stack))
    database = asyncio.run(database_holds(running.database_url))
    logs = logs_hold(stack)

    key = stack.privacy.read().keys[0]
    assert key.secret

    def hashed(kind: Kind, value: str) -> bytes:
        return pseudonym(city_secret(key.secret or b"", running.city), key.id, kind, value).encode()

    expected = [hashed("account", planted.account), hashed("plate", planted.plate), f"{planted.run}-plain".encode()]
    assert found_in(kafka, expected) == expected, "the search finds what is there"
    assert found_in(database, expected) == expected
    assert len(logs) >= 6
    assert any(b"MQTT connected" in log for log in logs)

    raw = planted.spellings()
    assert found_in(kafka, raw) == []
    assert found_in(database, raw) == []
    assert found_in(logs, raw) == []
