"""The same value over and over again, for an event type that measures."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from schemas.events.envelope import Data, Event, EventClass, Timestamp, canonical
from schemas.events.registry import STRUCTS, derive
from schemas.events.telemetry import ReadingsReported
from schemas.identity import Identity
from services.scorer.sensing import READINGS, readings_of, runs
from services.scorer.types import Decoded, EventKey


class Level(Data):
    """A test's own type: a sensor with several channels."""

    type_name: ClassVar[str] = "kz.ahual.test.level.v1"
    system: ClassVar[str] = "test"
    event_class: ClassVar[EventClass] = "telemetry"
    title: ClassVar[dict[str, str]] = {"kk": "Деңгей", "ru": "Уровень", "en": "Level"}
    measuring: ClassVar[bool] = True
    channel_fields: ClassVar[tuple[str, ...]] = ("probe",)

    probe: str
    level: float
    measured_at: Timestamp
    checked_at: Timestamp | None = None
    state: str | None = None


STRUCT = derive(Level)
READ = readings_of({Level.type_name: Level}, {Level.type_name: STRUCT})


def reading(second: int, level: float, probe: str = "a", **data: str) -> Decoded:
    time = f"2026-11-22T10:00:{second:02}Z"
    raw = {
        "specversion": "1.0",
        "id": f"{probe}{second}",
        "source": "/karaganda/test/tank",
        "type": Level.type_name,
        "time": time,
        "data": {"probe": probe, "level": level, "measured_at": time, **data},
    }
    body = canonical(Event[Level].model_validate_json(json.dumps(raw)))
    event: Any = msgspec.json.decode(body, type=STRUCT)
    identity = Identity("karaganda", "test", "tank")
    return Decoded(EventKey(second, event.time), 0, identity, "telemetry", second, body, event)


def second(number: int) -> datetime:
    return datetime.fromisoformat(f"2026-11-22T10:00:{number:02}Z")


def test_times_do_not_hide_a_frozen_value() -> None:
    [(channel, run)] = runs([reading(1, 2.5), reading(2, 2.5, checked_at="2026-11-22T09:00:00Z")], READ).items()
    assert channel == "kz.ahual.test.level.v1/a"
    assert (run.events, run.since, run.newest, run.whole) == (2, second(1), second(2), True)


def test_a_run_begins_after_the_last_change() -> None:
    run = runs([reading(1, 2.5), reading(2, 2.5), reading(3, 2.6), reading(4, 2.6)], READ)["kz.ahual.test.level.v1/a"]
    assert (run.events, run.since, run.whole) == (2, second(3), False)


def test_channels_freeze_each_for_itself() -> None:
    found = runs([reading(1, 1.0, "a"), reading(2, 7.0, "b"), reading(3, 1.0, "a"), reading(4, 7.1, "b")], READ)
    assert {channel[-1]: run.events for channel, run in found.items()} == {"a": 2, "b": 1}


def test_every_field_but_times_is_the_value() -> None:
    assert not runs([reading(1, 1.0), reading(2, 1.0, state="worn")], READ)["kz.ahual.test.level.v1/a"].whole


def test_a_values_number_is_the_same_in_every_process() -> None:
    [run] = runs([reading(1, 2.5, state="үлгі")], READ).values()
    assert run.hash64 == 6662105523900936894


def test_cases_are_not_measurements() -> None:
    assert STRUCTS["kz.ahual.contact-centre.call-answered.v1"] not in READINGS
    assert STRUCTS["kz.ahual.environment.air-measured.v1"] in READINGS
    assert STRUCTS[ReadingsReported.type_name] in READINGS
    assert runs([reading(1, 1.0)], READINGS) == {}


def pack(number: int, *readings: dict[str, Any]) -> Decoded:
    """A pack as the gateway writes it."""
    raw = {
        "specversion": "1.0",
        "id": f"p{number}",
        "source": "/karaganda/test/tank",
        "type": ReadingsReported.type_name,
        "time": f"2026-11-22T10:00:{number:02}Z",
        "data": {"readings": readings},
    }
    body = canonical(Event[ReadingsReported].model_validate_json(json.dumps(raw)))
    event: Any = msgspec.json.decode(body, type=STRUCTS[ReadingsReported.type_name])
    identity = Identity("karaganda", "test", "tank")
    return Decoded(EventKey(number, event.time), 0, identity, "telemetry", number, body, event)


def level(number: int, value: float, **also: str) -> dict[str, Any]:
    time = f"2026-11-22T10:00:{number:02}Z"
    return {"channel": "a", "quantity": "water_level", "unit": "m", "time": time, "value": value, **also}


def test_a_packs_readings_freeze_each_for_itself() -> None:
    full = {**level(3, 50.0), "quantity": "fill_level", "unit": "%"}
    packs = [pack(3, level(1, 2.5), level(2, 2.6), full), pack(5, level(4, 2.6, device="b"), level(5, 2.6), full)]
    found = {channel.rpartition(".v1/")[2]: run for channel, run in runs(packs, READINGS).items()}
    assert {channel: (run.events, run.since, run.newest, run.whole) for channel, run in found.items()} == {
        "a": (2, second(2), second(5), False),
        "b/a": (1, second(4), second(4), True),
    }
