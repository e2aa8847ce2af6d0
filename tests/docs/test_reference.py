"""Settings, metrics and topics in the docs are those of the code."""

from __future__ import annotations

import pytest

from schemas.topics import load_topics
from tests.docs.reference import BLOCK, BLOCKS, DOCS, FILES, regenerated


@pytest.mark.parametrize("name", FILES)
def test_generated_parts_are_up_to_date(name: str) -> None:
    document = (DOCS / name).read_text("utf-8")
    assert document == regenerated(document), "run `make docs`"


def test_every_block_stands_somewhere() -> None:
    standing = {found["name"] for name in FILES for found in BLOCK.finditer((DOCS / name).read_text("utf-8"))}
    assert standing == BLOCKS.keys()


def test_every_setting_is_explained() -> None:
    for name in FILES:
        for line in (DOCS / name).read_text("utf-8").splitlines():
            assert not line.endswith("|  |"), line


def test_a_dead_letter_topic_outlives_its_main_topic() -> None:
    topics = load_topics()
    for topic in topics.values():
        if topic.dead_letter:
            assert topics[topic.dead_letter].retention_ms > topic.retention_ms
