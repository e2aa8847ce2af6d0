"""Nothing on its way may outlive the ledger's memory, or it could come back after its identity was forgotten."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from schemas.events.envelope import EventClass
from schemas.retention import LEDGER_KEPT
from schemas.topics import Topic, load_topics
from services.ingest.mqtt import SESSION_EXPIRY_S

CONF = Path(__file__).parents[2] / "deploy" / "mosquitto" / "mosquitto.conf"
FLOOR = min(LEDGER_KEPT.values())


def test_every_event_class_has_a_floor() -> None:
    assert set(LEDGER_KEPT) == set(get_args(EventClass))
    assert LEDGER_KEPT["telemetry"] >= timedelta(days=14)
    assert LEDGER_KEPT["department"] >= timedelta(days=400)


@pytest.mark.parametrize("topic", load_topics().values(), ids=lambda topic: topic.name)
def test_topics_forget_before_the_ledger(topic: Topic) -> None:
    assert timedelta(milliseconds=topic.retention_ms) < FLOOR


def test_dead_letters_outlive_their_topic() -> None:
    topics = load_topics()
    for topic in topics.values():
        if topic.dead_letter:
            assert topics[topic.dead_letter].retention_ms > topic.retention_ms


def test_sessions_end_before_the_ledger_forgets() -> None:
    [days] = re.findall(r"^persistent_client_expiration (\d+)d$", CONF.read_text("utf-8"), re.MULTILINE)
    assert timedelta(seconds=SESSION_EXPIRY_S) <= timedelta(days=int(days)) < FLOOR


def test_a_message_may_wait_in_the_session_and_then_in_kafka() -> None:
    kept = timedelta(milliseconds=load_topics()["ahual.events.v1"].retention_ms)
    assert timedelta(seconds=SESSION_EXPIRY_S) + kept <= FLOOR
