"""Dead letters once more: through the same validation, to Kafka, marked."""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner

from deploy.stack import Stack
from schemas.dead_letter import Reason
from schemas.tables import dead_letter as table
from services.cli.main import build
from services.ingest.dead_letters import KEPT_BYTES, dead_letter
from services.ingest.seal import Sealer, new_pair
from services.ingest.validation import Rejected
from tests.ingest.conftest import Written
from tests.ingest.events import DEVICE, NOW, call, encoded

pytestmark = pytest.mark.stack


async def store(stack: Stack, database: AsyncEngine, payload: bytes, reason: Reason, topic: str | None = None) -> int:
    sealer = Sealer.read(Path(stack.env()["AHUAL_SEAL_PUBLIC_KEY_FILE"]))
    rejected = Rejected(reason, "$.x", "why", payload)
    letter = dead_letter(rejected, topic or f"ahual/v1/{DEVICE}/events", DEVICE, NOW, sealer)
    row: dict[str, Any] = {**letter.model_dump(), "reason": letter.reason.value}
    async with database.begin() as connection:
        count = (await connection.execute(sa.select(sa.func.count()).select_from(table))).scalar_one()
        inserted = sa.insert(table).values(**row, origin=f"t/0/{count}").returning(table.c.id)
        return int((await connection.execute(inserted)).scalar_one())


async def replayed_at(database: AsyncEngine, letter_id: int) -> Any:
    async with database.connect() as connection:
        return (await connection.execute(sa.select(table.c.replayed_at).where(table.c.id == letter_id))).scalar_one()


def ahual(stack: Stack, *args: str, **settings: str | None) -> Any:
    """The command as a user calls it; asyncio.run inside wants a thread of its own."""
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        env = {**stack.env(), "AHUAL_LANG": "en", **settings}
        return pool.submit(lambda: CliRunner().invoke(build(), list(args), env=env)).result(60)


async def test_list_show_and_filters(stack: Stack, database: AsyncEngine) -> None:
    first = await store(stack, database, b"{bad", Reason.MALFORMED_JSON)
    await store(stack, database, b"", Reason.EMPTY)
    assert len(json.loads(ahual(stack, "dlq", "list", "--json").stdout)) == 2
    (only,) = json.loads(ahual(stack, "dlq", "list", "--json", "--reason", "malformed_json").stdout)
    assert (only["id"], only["city"], only["field"]) == (first, "karaganda", "$.x")
    assert json.loads(ahual(stack, "dlq", "list", "--json", "--city", "almaty").stdout) == []
    after = f"{NOW + timedelta(days=1):%Y-%m-%d}"
    assert json.loads(ahual(stack, "dlq", "list", "--json", "--since", after).stdout) == []
    assert "{bad" in ahual(stack, "dlq", "show", str(first)).stdout
    assert ahual(stack, "dlq", "show", "999").exit_code == 1
    shown = json.loads(ahual(stack, "dlq", "show", str(first), "--json").stdout)
    assert shown["sha256"] == hashlib.sha256(b"{bad").hexdigest()
    assert "malformed_json" in ahual(stack, "dlq", "list").stdout


async def test_replay_sends_marks_and_refuses(stack: Stack, database: AsyncEngine, written: Written) -> None:
    good = await store(stack, database, encoded(call("again")), Reason.FUTURE_TIME)
    department = await store(stack, database, encoded(call("dept")), Reason.FUTURE_TIME, "http")
    bad = await store(stack, database, b"{bad", Reason.MALFORMED_JSON)
    cut = await store(stack, database, b"x" * (KEPT_BYTES + 1), Reason.OVERSIZED)
    scorers = await store(stack, database, encoded(call("old")), Reason.TOO_OLD, "kafka:ahual.events.v1/0/7")
    answer = ahual(stack, "dlq", "replay", "--all", "--json")
    assert answer.exit_code == 1, "some could not be replayed"
    results = {result["id"]: result for result in json.loads(answer.stdout)}
    assert {n: result["result"] for n, result in results.items()} == {
        good: "dlq_replayed",
        department: "dlq_replayed",
        bad: "dlq_still_wrong",
        cut: "dlq_truncated",
        scorers: "dlq_not_ours",
    }
    assert str(KEPT_BYTES) in results[cut]["message"]
    await written.until(lambda: len(written.events) == 2)
    assert set(written.keys) == {DEVICE.key}
    assert {json.loads(event)["id"] for event in written.events} == {"again-answered", "dept-answered"}
    assert await replayed_at(database, good)
    assert not await replayed_at(database, bad)
    again = ahual(stack, "dlq", "replay", "--all", "--json", "--reason", "future_time")
    assert json.loads(again.stdout) == [], "what was replayed is not taken a second time"
    assert ahual(stack, "dlq", "replay").exit_code == 1


@pytest.mark.parametrize(("key", "said"), [("", "sealed"), ("another", "does not open")])
async def test_without_the_private_key_only_the_list(
    stack: Stack, database: AsyncEngine, tmp_path: Path, key: str, said: str
) -> None:
    letter = await store(stack, database, encoded(call("secret-call")), Reason.FUTURE_TIME)
    other = tmp_path / "another"
    other.write_text(new_pair()[0])
    settings = {"AHUAL_SEAL_PRIVATE_KEY_FILE": str(other) if key else None}
    listed = ahual(stack, "dlq", "list", **settings)
    assert listed.exit_code == 0
    assert "future_time" in listed.stdout
    for command in ("show", "replay"):
        refused = ahual(stack, "dlq", command, str(letter), **settings)
        assert refused.exit_code == 1
        assert said in refused.output
        assert "secret-call" not in refused.output
    assert not await replayed_at(database, letter)


async def test_keys_by_command(stack: Stack, database: AsyncEngine) -> None:
    made = ahual(stack, "key", "add", "karaganda", "contact-centre", "109")
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("ahual.")
    assert ahual(stack, "key", "add", "atlantis", "contact-centre", "109").exit_code == 1
    assert ahual(stack, "key", "add", "karaganda", "Contact Centre", "109").exit_code == 1
    (listed,) = json.loads(ahual(stack, "key", "list", "--json").stdout)
    assert listed["owner"] == "karaganda/contact-centre/109"
    assert made.stdout.strip() not in json.dumps(listed)
    assert ahual(stack, "key", "revoke", listed["id"]).exit_code == 0
    (revoked,) = json.loads(ahual(stack, "key", "list", "--json").stdout)
    assert revoked["revoked_at"]
