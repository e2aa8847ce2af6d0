"""`docs/events.md` says what the code does."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from schemas.dead_letter import Reason
from schemas.events.envelope import Event
from schemas.identity import parse_identity
from services.ingest.problems import STATUS
from services.ingest.settings import IngestSettings
from services.ingest.validation import Accepted, accept

PAGE = (Path(__file__).parents[2] / "docs" / "events.md").read_text("utf-8")
SETTINGS = IngestSettings(kafka_bootstrap="unused", database_url="postgresql+asyncpg://unused")


def test_the_reasons_table_is_complete_and_in_order() -> None:
    table = PAGE.split("## Why something was rejected")[1]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [reason.value for reason in Reason]


def test_the_example_is_accepted() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found
    identity = parse_identity(json.loads(found[1])["source"][1:])
    (outcome,) = accept(identity, found[1].encode(), datetime(2026, 4, 1, tzinfo=UTC), SETTINGS.limits)
    assert isinstance(outcome, Accepted), outcome


def test_the_members_named_exist() -> None:
    table = PAGE.split("## Totals on a date")[0]
    named = {name for row in re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert named <= set(Event.model_fields)
    assert {"specversion", "type", "source", "id", "time", "data"} <= named


def test_every_status_is_described() -> None:
    table = PAGE.split("## Over HTTP")[1].split("## Why")[0]
    named = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.MULTILINE) for code in row.split(",")}
    assert named == {200, 207, 422} | {int(status) for status in STATUS.values()}
    assert HTTPStatus.OK in named


def test_the_limits_are_those_of_the_settings() -> None:
    assert f"{SETTINGS.ingest_max_message_bytes:,} bytes" in PAGE
    assert f"up to {SETTINGS.ingest_max_items:,}" in PAGE
    assert f"{SETTINGS.ingest_max_body_bytes // 2**20} MiB" in PAGE
    assert SETTINGS.ingest_max_future_s == 300, "the page says five minutes"


def test_every_setting_is_described() -> None:
    for name, field in IngestSettings.model_fields.items():
        assert field.description, name
