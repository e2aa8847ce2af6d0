"""Files over HTTP and by command, with a real Kafka and a real key."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import httpx2
import pytest
from openpyxl import load_workbook
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from schemas.identity import Identity
from services.cli.key import add_key
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.test_replay import ahual
from tests.waiting import eventually

pytestmark = pytest.mark.stack
DEPARTMENT = Identity("karaganda", "parking", "department")
GOOD = "Показатель;Количество;По состоянию на\ncar_parks;7;01.01.2026\ncar_parks_automated;5;01.01.2026\n"
BAD = GOOD + "car_parks;семь;02.01.2026\n"


async def known_key(gateway: GatewayProcess, database: AsyncEngine) -> dict[str, str]:
    made = await add_key(database, DEPARTMENT)
    assert made
    headers = {"X-API-Key": made.text, "Accept-Language": "ru"}

    async def known() -> bool:
        async with httpx2.AsyncClient() as client:
            return (await client.get(f"{gateway.url}/v1/files/template.xlsx", headers=headers)).status_code == 200

    assert await eventually(known)
    return headers


async def test_files_over_http(gateway: GatewayProcess, database: AsyncEngine, written: Written) -> None:
    headers = await known_key(gateway, database)
    async with httpx2.AsyncClient(base_url=gateway.url, headers=headers, timeout=60) as client:

        async def post(content: bytes | str, **query: str) -> httpx2.Response:
            body = content.encode() if isinstance(content, str) else content
            return await client.post("/v1/files", content=body, params=query)

        refused = await post(BAD)
        assert refused.status_code == 422
        (problem,) = refused.json()["problems"]
        assert (problem["row"], problem["column"], problem["title"]) == (4, "B", "Количество")
        assert refused.json()["accepted"] == 0
        checked = await post(GOOD, check="true")
        assert (checked.status_code, checked.json()["rows"], checked.json()["accepted"]) == (200, 2, 0)
        unread = await post(b"PK\x03\x04")
        assert (unread.status_code, unread.json()["message"][:4]) == (422, "Файл")
        for _ in range(2):
            taken = await post(GOOD)
            assert (taken.status_code, taken.json()["accepted"]) == (200, 2)
        template = (await client.get("/v1/files/template.xlsx")).content
        assert (await client.post("/v1/files", content=GOOD.encode(), headers={"X-API-Key": "x"})).status_code == 401
    assert "violation-recorded" in load_workbook(io.BytesIO(template)).sheetnames
    await written.until(lambda: len(written.events) == 4)
    assert len(set(written.events)) == 2, "the second time it says the same"
    assert set(written.keys) == {DEPARTMENT.key}
    assert written.letters == []


async def test_files_by_command(stack: Stack, database: AsyncEngine, written: Written, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD, "utf-8")
    bad.write_text(BAD, "utf-8")
    whose = ("--as", str(DEPARTMENT))
    assert ahual(stack, "import", "--check", str(good)).exit_code == 2, "whose file it is must be said"
    assert ahual(stack, "import", "--check", "--apply", *whose, str(good)).exit_code == 2
    assert ahual(stack, "import", "--check", *whose, str(tmp_path / "none.csv")).exit_code == 1
    checked = ahual(stack, "import", *whose, str(good), "--json")
    assert json.loads(checked.stdout) == {"rows": 2, "accepted": 0, "problems": []}
    refused = ahual(stack, "import", "--apply", *whose, str(bad))
    assert refused.exit_code == 1
    assert "row 4, column B" in refused.output
    applied = ahual(stack, "import", "--apply", *whose, str(good), "--json")
    assert json.loads(applied.stdout)["accepted"] == 2
    await written.until(lambda: len(written.events) == 2)
    lines = tmp_path / "events.jsonl"
    lines.write_bytes(b"\n".join(written.events))
    assert ahual(stack, "import", "--apply", str(lines)).exit_code == 0
    await written.until(lambda: len(written.events) == 4)
    assert len(set(written.events)) == 2
    lines.write_bytes(lines.read_bytes() + b"\n{bad")
    assert ahual(stack, "import", "--apply", str(lines)).exit_code == 1
    await asyncio.sleep(1)
    await written.settle()
    assert len(written.events) == 4, "one wrong line and nothing is sent"


async def test_templates_by_command(stack: Stack, tmp_path: Path) -> None:
    book = tmp_path / "parking.xlsx"
    assert ahual(stack, "import", "template", "parking", "--out", str(book)).exit_code == 0
    assert "violation-recorded" in load_workbook(book).sheetnames
    made = ahual(stack, "import", "template", "parking", "--format", "csv", "--out", str(tmp_path / "csv"))
    assert made.exit_code == 0
    assert (tmp_path / "csv" / "violation-recorded.csv").exists()
    unknown = ahual(stack, "import", "template", "parking", "--format", "csv", "--event", "nothing")
    assert unknown.exit_code == 1
    assert "violation-recorded" in unknown.output
