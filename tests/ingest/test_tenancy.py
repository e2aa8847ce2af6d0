"""No key, topic or account of one city reaches another's numbers."""

from __future__ import annotations

import json

import httpx2
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.dead_letter import Reason
from schemas.identity import Identity
from services.cli.key import add_key
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.events import NOW, call, encoded
from tests.publishing import publish_all
from tests.waiting import eventually

OURS = Identity("karaganda", "contact-centre", "109")
THEIRS = Identity("almaty", "contact-centre", "109")
SINGLE = {"Content-Type": "application/cloudevents+json"}


async def posted(gateway: GatewayProcess, key: str, body: object) -> httpx2.Response:
    headers = {"X-API-Key": key, **SINGLE}
    async with httpx2.AsyncClient() as client:
        return await client.post(f"{gateway.url}/v1/events", content=encoded(body), headers=headers)


async def posted_when_known(gateway: GatewayProcess, key: str, body: object) -> httpx2.Response:
    """The answer once the intake has read a key made a moment ago."""

    async def answered() -> httpx2.Response | None:
        answer = await posted(gateway, key, body)
        return None if answer.status_code == 401 else answer

    answer = await eventually(answered)
    assert answer
    return answer


@pytest.mark.parametrize("source", [THEIRS.source, "/karaganda/video/109", "//almaty/contact-centre/109", "almaty"])
async def test_a_key_sends_for_its_city_and_system_only(
    gateway: GatewayProcess, database: AsyncEngine, written: Written, source: str
) -> None:
    made = await add_key(database, OURS)
    assert made
    answer = await posted_when_known(gateway, made.text, call("crossing", THEIRS, NOW, source=source))
    assert answer.status_code == 422
    assert answer.json()["items"][0]["reason"] == Reason.FOREIGN_IDENTITY
    await written.until(lambda: len(written.letters) == 1)
    assert (written.letters[0].city, written.letters[0].system) == OURS[:2], "the sender answers for it"
    assert written.events == []


async def test_a_key_sends_no_event_of_another_system(gateway: GatewayProcess, database: AsyncEngine) -> None:
    made = await add_key(database, Identity("karaganda", "video", "wall"))
    assert made
    answer = await posted_when_known(gateway, made.text, call("crossing", OURS, NOW, source=None))
    assert answer.status_code == 422
    assert answer.json()["items"][0]["reason"] == Reason.FOREIGN_IDENTITY


async def test_a_payload_cannot_claim_what_its_topic_is_not(
    gateway: GatewayProcess, stack: Stack, written: Written
) -> None:
    """The broker ties topic and account; the gateway ties topic and payload."""
    claims = [call(f"claim-{n}", OURS, NOW, source=s) for n, s in enumerate((THEIRS.source, "/karaganda/x/109"))]
    password = stack.add_device(str(OURS))
    await publish_all(stack.ports.mqtt, str(OURS), password, [encoded(claim) for claim in claims])
    await written.until(lambda: len(written.letters) == len(claims))
    assert {letter.reason for letter in written.letters} == {Reason.FOREIGN_IDENTITY}
    assert written.events == []


async def test_what_is_accepted_carries_the_keys_city(
    gateway: GatewayProcess, database: AsyncEngine, written: Written
) -> None:
    made = await add_key(database, OURS)
    assert made
    assert (await posted_when_known(gateway, made.text, call("own", OURS, NOW, source=None))).status_code == 200
    await written.until(lambda: len(written.events) == 1)
    assert json.loads(written.events[0])["source"] == OURS.source
    assert written.keys == [OURS.key]


@pytest.mark.parametrize("key", ["", "ahual", "admin", "password", "ahual..", "ahual.admin.admin", "null"])
async def test_the_intake_takes_no_usual_key(gateway: GatewayProcess, database: AsyncEngine, key: str) -> None:
    assert (await posted(gateway, key, call("none"))).status_code == 401
