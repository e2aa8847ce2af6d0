"""An edge node's births, data by alias, gaps, rebirths and death, as a host application follows them."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letter import Reason
from schemas.sparkplug_pb2 import DESCRIPTOR, Payload
from services.ingest import sparkplug
from services.ingest.registry import DeviceRegistry
from services.ingest.sparkplug import REBIRTH, REBIRTH_EVERY, SparkplugHost, Taken, rebirth
from services.ingest.validation import Accepted, Limits, Rejected
from tests.ingest import edge
from tests.ingest.edge import DOUBLE, EdgeNode, metric
from tests.ingest.events import NOW

LIMITS = Limits()
COMMAND = "spBv1.0/Water Works/NCMD/Pump Station 1"


def host() -> SparkplugHost:
    return SparkplugHost(DeviceRegistry(edge.REGISTERED))


def take(to: SparkplugHost, message: tuple[str, bytes], later_s: float = 0) -> Taken:
    return to.take(*message, NOW + timedelta(seconds=later_s), LIMITS)


def event(taken: Taken) -> dict[str, Any]:
    accepted = [outcome for outcome in taken.outcomes if isinstance(outcome, Accepted)]
    found: dict[str, Any] = json.loads(accepted[0].body)
    return found


def values(taken: Taken) -> list[tuple[Any, ...]]:
    return [
        (r.get("device"), r["channel"], r.get("value", r.get("text", r.get("flag"))))
        for r in event(taken)["data"]["readings"]
    ]


def test_a_birth_introduces_what_data_names_by_alias() -> None:
    to, node = host(), EdgeNode()
    born = take(to, node.birth())
    assert values(born) == [(None, "Supply Voltage", 229.5), (None, "Temperature", -5.0)]
    assert (born.identity, born.rebirth, len(born.outcomes)) == (edge.PLANT, None, 1)
    pump = take(to, node.device_birth())
    assert values(pump) == [("pump-1", "Pressure", 600_000.0), ("pump-1", "Running", True), ("pump-1", "Mode", "auto")]
    data = take(to, node.data({1: (230.25, DOUBLE), 2: (-7, edge.INT16)}))
    assert values(data) == [(None, "Supply Voltage", 230.25), (None, "Temperature", -7.0)]
    assert values(take(to, node.device_data(5.5))) == [("pump-1", "Pressure", 550_000.0)]
    assert (to.missed, data.rebirth) == (0, None)
    assert event(data)["time"] == "2026-03-10T12:00:00Z"
    assert "clockless" not in event(data)


def test_numbers_run_over_and_a_gap_is_counted_and_asks_for_a_birth() -> None:
    to, node = host(), EdgeNode()
    take(to, node.birth())
    numbers = [event(take(to, node.data({1: (230.0, DOUBLE)})))["sequence"] for _ in range(300)]
    assert (numbers[0], numbers[-1], to.missed) == ("1", "300", 0)
    node.skip(3)
    after = take(to, node.data({1: (231.0, DOUBLE)}))
    assert (event(after)["sequence"], to.missed, after.rebirth) == ("304", 3, COMMAND)
    node.skip()
    assert take(to, node.data({1: (231.0, DOUBLE)}), 5).rebirth is None, "one request is under way"
    again = take(to, node.birth(), 6)
    assert (again.rebirth, to.missed) == (None, 4)
    assert take(to, node.data({1: (231.0, DOUBLE)}), 60).rebirth is None


def test_who_comes_late_asks_for_a_birth_and_keeps_what_it_cannot_read() -> None:
    to, node = host(), EdgeNode()
    node.birth()
    missed = take(to, node.data({1: (230.0, DOUBLE)}))
    (letter,) = missed.outcomes
    assert isinstance(letter, Rejected)
    assert (letter.reason, missed.rebirth, missed.identity) == (Reason.UNKNOWN_ALIAS, COMMAND, edge.PLANT)
    assert values(take(to, node.birth(), 1)) != []
    assert values(take(to, node.data({1: (230.0, DOUBLE)}), 2)) == [(None, "Supply Voltage", 230.0)]


def test_an_alias_nobody_introduced_does_not_stop_the_others() -> None:
    to, node = host(), EdgeNode()
    take(to, node.birth())
    taken = take(to, node.data({1: (230.0, DOUBLE), 99: (1.0, DOUBLE)}))
    assert [type(outcome) for outcome in taken.outcomes] == [Rejected, Accepted]
    assert taken.rebirth == COMMAND


def test_after_its_death_a_node_has_no_aliases_until_it_is_born_again() -> None:
    to, node = host(), EdgeNode()
    take(to, node.birth())
    assert take(to, node.death(number=77)).outcomes == ()
    assert values(take(to, node.data({1: (230.0, DOUBLE)}))), "that death was an earlier life's"
    take(to, node.death())
    taken = take(to, node.data({1: (230.0, DOUBLE)}))
    assert taken.rebirth == COMMAND
    assert not [outcome for outcome in taken.outcomes if isinstance(outcome, Accepted)]


def test_null_metrics_and_controls_are_no_readings_and_bytes_are_refused() -> None:
    to, node = host(), EdgeNode()
    nothing = node.topic("NBIRTH"), node.message(edge.metric("Temperature", None, edge.INT16, 2))
    assert take(to, nothing).outcomes == []
    image = edge.metric("Temperature", 1, edge.INT16)
    image.bytes_value = b"\x00"
    (letter,) = take(to, (node.topic("NDATA"), node.message(image))).outcomes
    assert isinstance(letter, Rejected)
    assert (letter.reason, letter.field) == (Reason.INVALID_FIELD, "metrics[0]")


def test_without_a_time_it_is_clockless() -> None:
    to, node = host(), EdgeNode()
    bare = edge.metric("Temperature", 4, edge.INT16)
    bare.ClearField("timestamp")
    found = event(take(to, (node.topic("NBIRTH"), node.message(bare, stamped=None))))
    assert (found["clockless"], found["time"]) == (True, "2026-03-10T12:00:00Z")
    assert "clockless" not in event(take(to, (node.topic("NDATA"), node.message(bare))))


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        ("spBv1.0/Water Works/NDATA/Nobody", Reason.UNKNOWN_DEVICE),
        ("spBv1.0/Water Works/NDATA", Reason.UNKNOWN_TOPIC),
        ("spBv1.0/Water Works/NDATA/a/b", Reason.UNKNOWN_TOPIC),
        ("spBv1.0/Water Works/DDATA/a", Reason.UNKNOWN_TOPIC),
        ("spBv1.0/Water Works/XDATA/a", Reason.UNKNOWN_TOPIC),
        ("spBv1.0/", Reason.UNKNOWN_TOPIC),
    ],
)
def test_foreign_topics(topic: str, reason: Reason) -> None:
    (letter,) = host().take(topic, b"", NOW, LIMITS).outcomes
    assert isinstance(letter, Rejected)
    assert letter.reason is reason


def test_commands_and_states_are_for_others() -> None:
    for topic in (COMMAND, "spBv1.0/g/DCMD/n/d", "spBv1.0/STATE/scada"):
        assert host().take(topic, b"whatever", NOW, LIMITS) == Taken(None, ())


def test_what_is_no_payload() -> None:
    (letter,) = host().take(EdgeNode().topic("NDATA"), b"\xff\xff", NOW, LIMITS).outcomes
    assert isinstance(letter, Rejected)
    assert letter.reason is Reason.NOT_A_PACK
    (letter,) = host().take(EdgeNode().topic("NDATA"), b"\x00" * 300_000, NOW, LIMITS).outcomes
    assert isinstance(letter, Rejected)
    assert letter.reason is Reason.OVERSIZED


def test_the_request_for_a_birth_is_the_specifications() -> None:
    asked = Payload.FromString(rebirth(NOW))
    assert asked.timestamp == edge.MS
    assert [(m.name, m.datatype, m.boolean_value) for m in asked.metrics] == [(REBIRTH, 11, True)]
    to = host()
    assert to.births(NOW) == [COMMAND]
    assert to.births(NOW + REBIRTH_EVERY / 2) == []


def test_the_compiled_module_is_that_of_the_proto_file() -> None:
    text = (Path(__file__).parents[2] / "schemas" / "sparkplug.proto").read_text("utf-8")
    stated = set(re.findall(r"(\w+) = (\d+);", text))
    compiled = {
        (field.name, str(field.number)) for kind in DESCRIPTOR.message_types_by_name.values() for field in kind.fields
    }
    assert stated == compiled


@given(st.binary(max_size=100), st.sampled_from(["NBIRTH", "NDATA", "DBIRTH", "DDATA", "NDEATH", "DDEATH"]))
def test_no_bytes_make_it_fail(payload: bytes, kind: str) -> None:
    to, node = host(), EdgeNode()
    take(to, node.birth())
    for outcome in to.take(node.topic(kind, "Pump 1" if kind[0] == "D" else ""), payload, NOW, LIMITS).outcomes:
        assert isinstance(outcome, Accepted) or outcome.detail


def test_what_births_introduce_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def levels(begin: int, *, alias: int) -> bytes:
        return node.message(*(metric(f"Level {begin + n}", 1.0, DOUBLE, alias + n) for n in range(10)))

    def refused(name: str, payload: bytes) -> bool:
        outcomes = to.take(node.topic("DBIRTH", name), payload, NOW, LIMITS).outcomes
        return any(isinstance(one, Rejected) and one.reason is Reason.OVERSIZED for one in outcomes)

    monkeypatch.setattr(sparkplug, "MOST_METRICS", 20)
    to, node = host(), EdgeNode()
    take(to, node.birth())
    assert not any(refused("Pump 1", levels(0, alias=100)) for _ in range(4)), "the same again is no growth"
    assert refused("Pump 2", levels(20, alias=200))
    assert refused("Pump 1", levels(0, alias=300)), "names that are known, under other aliases"
    take(to, node.birth())
    assert not refused("Pump 2", levels(20, alias=200)), "a birth of the node begins anew"
