"""docs/asyncapi.yaml is what the contracts say, valid AsyncAPI 3.0, and its examples fit its own schemas.

The JSON Schema beside this module is AsyncAPI's own (Apache-2.0): `3.0.0-without-$id.json` of the npm package
@asyncapi/specs 6.11.1, without white space.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from schemas import yaml_text
from schemas.asyncapi import message_name
from schemas.events.registry import EVENT_TYPES
from schemas.identity import CHANNELS
from schemas.personal import personal_fields
from schemas.topics import load_topics
from tests.docs.asyncapi import FILE, written

SPECIFICATION = json.loads((Path(__file__).parent / "asyncapi-3.0.0.schema.json").read_text("utf-8"))
TEXT = FILE.read_text("utf-8")
DOCUMENT: dict[str, Any] = yaml_text.parse(TEXT)
VALIDATOR = Draft7Validator(SPECIFICATION)


def test_the_file_is_up_to_date() -> None:
    assert written() == TEXT, "run `make docs`"


def test_it_is_valid_asyncapi() -> None:
    assert [error.json_path for error in VALIDATOR.iter_errors(DOCUMENT)] == []


SMALL: dict[str, Any] = {"asyncapi": "3.0.0", "info": {"title": "x", "version": "1"}}


@pytest.mark.parametrize(
    "spoilt", [{"channels": {"x": {"adress": "y"}}}, {"asyncapi": "2.6.0"}, {"operations": {"x": {}}}], ids=str
)
def test_the_specification_refuses_what_is_none(spoilt: dict[str, Any]) -> None:
    assert not list(VALIDATOR.iter_errors(SMALL))
    assert list(VALIDATOR.iter_errors({**SMALL, **spoilt}))


def test_every_type_channel_and_topic_is_in_it() -> None:
    addresses = {channel["address"] for channel in DOCUMENT["channels"].values()}
    assert addresses == {f"ahual/v1/{{city}}/{{system}}/{{device}}/{c}" for c in CHANNELS} | load_topics().keys()
    messages = {message_name(name) for name in EVENT_TYPES}
    assert DOCUMENT["channels"]["mqtt-events"]["messages"].keys() == messages
    assert messages < DOCUMENT["components"]["messages"].keys()


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*(references(item) for item in node)) if isinstance(node, list) else set()


def test_every_reference_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        node: Any = DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_types_examples_fit_its_schema(name: str) -> None:
    message = DOCUMENT["components"]["messages"][message_name(name)]
    validator = Draft202012Validator({**message["payload"], "components": DOCUMENT["components"]})
    for example in message["examples"]:
        completed = {"id": "filled-in", "time": "2026-01-01T00:00:00Z", "source": "/filled/in/by-gateway"}
        assert [e.message for e in validator.iter_errors({**completed, **example["payload"]})] == []
    assert list(validator.iter_errors({**message["examples"][0]["payload"], "type": "another"}))


def test_what_is_hashed_is_marked() -> None:
    expected = sum(len(personal_fields(data)) for data in EVENT_TYPES.values())
    assert TEXT.count("x-personal:") == expected > 0
