"""Every event type ships valid and invalid examples, and each behaves as it says.

A valid example is an event as a device may send it. An invalid one is `{"reason", "field", "event"}`: the event with
one mistake, and what the gateway must answer. The file name begins with the type's own name.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pydantic import BaseModel

from schemas.dead_letter import Reason
from schemas.events.envelope import Event, Retraction
from schemas.events.registry import CONTRACTS, EVENT_TYPES, decoder, retraction_decoder
from schemas.identity import Identity
from services.ingest.validation import Accepted, Limits, Rejected, accept
from tests.keys import PSEUDONYMS

FOLDER = Path(__file__).parents[2] / "schemas" / "examples"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
VALID = [path for path in FILES if path.parent.name == "valid"]
INVALID = [path for path in FILES if path.parent.name == "invalid"]
NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


def short_name(type_name: str) -> str:
    return type_name.split(".")[-2]


def type_of(path: Path) -> str | None:
    """The type whose example a file is: the longest short name its own begins with, in its domain's folder."""
    domain = path.relative_to(FOLDER).parts[0]
    fitting = [n for n in EVENT_TYPES if n.split(".")[2] == domain and path.stem.startswith(short_name(n))]
    return max(fitting, key=len, default=None)


def load(path: Path) -> dict[str, Any]:
    parsed = json.loads(path.read_text("utf-8"))
    assert isinstance(parsed, dict)
    return parsed


def validate(path: Path, event: dict[str, Any]) -> Accepted | Rejected:
    identity = Identity("karaganda", path.relative_to(FOLDER).parts[0], "ats-1")
    (outcome,) = accept(identity, json.dumps(event).encode(), NOW, Limits(), pseudonyms=PSEUDONYMS)
    return outcome


@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_every_type_has_valid_and_several_invalid_examples(type_name: str) -> None:
    assert [path for path in VALID if type_of(path) == type_name]
    assert len([path for path in INVALID if type_of(path) == type_name]) >= 2


@pytest.mark.parametrize("type_name", EVENT_TYPES)
def test_no_number_may_be_negative_boundless_or_text(type_name: str) -> None:
    path = next(path for path in VALID if type_of(path) == type_name)
    event = load(path)
    for name, schema in EVENT_TYPES[type_name].model_json_schema()["properties"].items():
        if {part.get("type") for part in schema.get("anyOf", [schema])} & {"integer", "number"}:
            for impossible in (-1, 10**16, "7"):
                outcome = validate(path, {**event, "data": {**event["data"], name: impossible}})
                assert isinstance(outcome, Rejected), f"{name}: {impossible}"
                assert outcome.reason is Reason.INVALID_FIELD


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(FOLDER)))
def test_no_file_is_an_orphan(path: Path) -> None:
    assert path.suffix == ".json"
    assert path in VALID or path in INVALID
    assert type_of(path) is not None


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_valid_example_is_accepted(path: Path) -> None:
    event = load(path)
    assert event["type"] == type_of(path)
    outcome = validate(path, event)
    assert isinstance(outcome, Accepted), outcome
    assert not set(event) - set(json.loads(outcome.body)), "a member was lost on the way"


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_contract_and_decoder_agree_field_by_field(path: Path) -> None:
    outcome = validate(path, load(path))
    assert isinstance(outcome, Accepted)
    parsed = json.loads(outcome.body)
    retracts = "data" not in parsed
    model: type[Event[Any] | Retraction] = Retraction if retracts else CONTRACTS[parsed["type"]]
    contract = model.model_validate_json(outcome.body)
    decoded = (retraction_decoder() if retracts else decoder()).decode(outcome.body)
    for name in type(contract).model_fields:
        if name not in {"type", "data"}:
            assert getattr(decoded, name) == getattr(contract, name), name
    for name in () if isinstance(contract, Retraction) else type(contract.data).model_fields:
        assert _plain(getattr(decoded.data, name)) == _plain(getattr(contract.data, name)), name


def _plain(value: Any) -> Any:
    """Elements of a list as dictionaries, so that the two forms can be compared."""
    if isinstance(value, tuple):
        return [one.model_dump() if isinstance(one, BaseModel) else msgspec.structs.asdict(one) for one in value]
    return value


@pytest.mark.parametrize("path", INVALID, ids=lambda path: path.stem)
def test_an_invalid_example_is_rejected_for_what_it_says(path: Path) -> None:
    stated = load(path)
    assert set(stated) == {"reason", "field", "event"}
    outcome = validate(path, stated["event"])
    assert isinstance(outcome, Rejected), "accepted"
    assert (outcome.reason, outcome.field) == (Reason(stated["reason"]), stated["field"]), outcome.detail
    assert outcome.detail
