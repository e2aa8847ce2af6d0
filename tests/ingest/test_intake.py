"""The HTTP intake with a real Kafka and real keys."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.dead_letter import Reason
from schemas.identity import Identity
from services.cli.key import add_key, revoke_key
from services.ingest.intake import BATCH, SINGLE
from services.ingest.keys import NewKey
from services.ingest.problems import STATUS
from services.runtime.messages import LANGUAGES, text
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.events import call

pytestmark = pytest.mark.stack
DEPARTMENT = Identity("karaganda", "contact-centre", "109")


@pytest.fixture
async def key(database: AsyncEngine, gateway: GatewayProcess) -> NewKey:
    made = await add_key(database, DEPARTMENT)
    assert made is not None
    await asyncio.sleep(0.6)
    return made


@pytest.fixture
async def client(gateway: GatewayProcess, key: NewKey) -> AsyncIterator[httpx2.AsyncClient]:
    headers = {"Authorization": f"Bearer {key.text}", "Content-Type": BATCH}
    async with httpx2.AsyncClient(base_url=gateway.url, headers=headers, timeout=40) as opened:
        yield opened


async def post(client: httpx2.AsyncClient, body: object, **headers: str) -> httpx2.Response:
    return await client.post("/v1/events", content=json.dumps(body).encode(), headers=headers)


async def test_an_answer_per_item_and_accepted_is_in_kafka(client: httpx2.AsyncClient, written: Written) -> None:
    other = Identity("karaganda", "contact-centre", "ats-7")
    batch = [
        call("a", source=None),
        call("b", identity=other),
        call("c", source="/almaty/contact-centre/109"),
        {"type": 1},
    ]
    answer = await post(client, batch, **{"Accept-Language": "de, ru;q=0.8"})
    assert answer.status_code == 207
    body = answer.json()
    assert (body["accepted"], body["rejected"]) == (2, 2)
    first, second, third, fourth = body["items"]
    assert first == {"index": 0, "id": "a-answered", "status": "accepted"}
    assert (second["index"], second["status"]) == (1, "accepted")
    assert (third["reason"], third["field"], third["id"]) == ("foreign_identity", "$.source", "c-answered")
    assert (fourth["index"], fourth["reason"], fourth["field"]) == (3, "invalid_field", "$.type")
    assert fourth["message"] == text("ingest.reason_invalid_field", "ru")
    await written.until(lambda: len(written.events) >= 2 and len(written.letters) >= 2)
    assert {json.loads(event)["source"] for event in written.events} == {DEPARTMENT.source, other.source}
    assert set(written.keys) == {DEPARTMENT.key, other.key}
    assert {letter.topic for letter in written.letters} == {"http"}


async def test_all_good_is_200_none_is_422(client: httpx2.AsyncClient) -> None:
    assert (await post(client, [call("a", source=None)])).status_code == 200
    single = await post(client, call("a", source=None), **{"Content-Type": f"{SINGLE}; charset=utf-8"})
    assert (single.status_code, single.json()["accepted"]) == (200, 1)
    none = await post(client, [{}])
    assert (none.status_code, none.json()["rejected"]) == (422, 1)
    broken = await client.post("/v1/events", content=b"{bad")
    assert (broken.status_code, broken.json()["items"][0]["reason"]) == (422, "malformed_json")
    object_as_batch = await post(client, call("a"))
    assert object_as_batch.json()["items"][0]["reason"] == "not_an_event"


async def test_five_thousand_at_once(client: httpx2.AsyncClient, written: Written) -> None:
    answer = await post(client, [call(f"m-{n}", source=None) for n in range(5000)])
    assert answer.status_code == 200
    await written.until(lambda: len(written.events) == 5000)


async def test_refusals_are_problem_details(
    client: httpx2.AsyncClient, gateway: GatewayProcess, database: AsyncEngine, key: NewKey
) -> None:
    refused = [
        (await post(client, [], Authorization=""), 401, "no_key"),
        (await post(client, [], Authorization="Bearer nonsense"), 401, "unknown_key"),
        (await post(client, [], **{"Content-Type": "text/plain"}), 415, "media_type"),
        (await client.post("/v1/events", content=b" " * 8_388_609), 413, "too_large"),
        (await client.post("/v1/events", content=b"[" + b"1," * 10_000 + b"1]"), 413, "too_many"),
    ]
    assert await revoke_key(database, key.id)
    await asyncio.sleep(0.6)
    refused.append((await post(client, []), 403, "revoked_key"))
    for answer, status, code in refused:
        assert answer.status_code == status, code
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == f"urn:ahual:problem:{code}"
        assert answer.json()["title"] == text(f"ingest.problem_{code}", "en")


async def test_the_key_may_come_in_its_own_header(gateway: GatewayProcess, key: NewKey) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, headers={"X-API-Key": key.text}) as client:
        assert (await post(client, [call("a", source=None)], **{"Content-Type": BATCH})).status_code == 200


async def test_without_kafka_nothing_is_accepted_and_nothing_is_lost(
    stack: Stack, client: httpx2.AsyncClient, written: Written
) -> None:
    kafka = stack.pid("kafka")
    assert kafka is not None
    os.kill(kafka, signal.SIGSTOP)
    try:
        answer = await post(client, [call("late", source=None)])
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.json()["type"] == "urn:ahual:problem:unconfirmed"
    finally:
        os.kill(kafka, signal.SIGCONT)
    assert (await post(client, [call("late", source=None)])).status_code == 200
    await written.until(lambda: len(written.events) >= 1)


async def test_a_stopped_database_does_not_stop_the_intake(stack: Stack, client: httpx2.AsyncClient) -> None:
    postgres = stack.pid("postgres")
    assert postgres is not None
    os.kill(postgres, signal.SIGSTOP)
    try:
        assert (await post(client, [call("a", source=None)])).status_code == 200
    finally:
        os.kill(postgres, signal.SIGCONT)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_refusal_and_reason_has_its_text(lang: str) -> None:
    params = {"limit": 1, "given": "x", "single": SINGLE, "batch": BATCH, "seconds": 1}
    for code in STATUS:
        assert text(f"ingest.problem_{code}", lang)
        assert text(f"ingest.problem_{code}_detail", lang, **params)
    for reason in list(Reason)[: list(Reason).index(Reason.UNDECODABLE)]:
        assert text(f"ingest.reason_{reason.value}", lang)
