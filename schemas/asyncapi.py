"""The AsyncAPI 3 document of Ahual's messages: MQTT channels, Kafka topics, and one message per event type.

Everything in it is derived from the contracts, the topic files and the examples; `make docs` writes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from schemas.dead_letter import DeadLetter
from schemas.events.registry import CONTRACTS, EVENT_TYPES
from schemas.identity import CHANNELS, TOPIC_PREFIX, Channel
from schemas.topics import DEAD_LETTERS, Topic, load_topics

_TELLS: Final[Mapping[Channel, str]] = {
    "events": "One CloudEvents 1.0 object in JSON, or an array of them.",
    "senml": "A pack of readings, RFC 8428, as JSON or CBOR.",
    "telemetry": "Readings as ThingsBoard's devices and gateways publish them, in JSON.",
    "status": "Whether the device is there: retained, with a last will.",
}
_IDENTITY: Final = {
    "city": {"description": "The city's code, e.g. karaganda."},
    "system": {"description": "The system that reports, e.g. parking."},
    "device": {"description": "The device or departmental system."},
}
_SEGMENT: Final = "{city}/{system}/{device}"


def document(version: str) -> dict[str, Any]:
    """The whole document; `version` is Ahual's."""
    topics = load_topics()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ahual",
            "version": version,
            "description": "What devices and departments report to a city situational centre, and what becomes of it.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "mqtt": {"host": "mqtt.example:8883", "protocol": "secure-mqtt", "protocolVersion": "5.0"},
            "kafka": {"host": "kafka.example:9093", "protocol": "kafka-secure"},
        },
        "channels": {
            **{f"mqtt-{channel}": _mqtt(channel) for channel in CHANNELS},
            **{_name(topic): _kafka(topic) for topic in topics.values()},
        },
        "operations": _operations(),
        "components": {"messages": _messages(), "schemas": _schemas()},
    }


def message_name(type_name: str) -> str:
    """The name of an event type's message: `parking.violation-recorded.v1`."""
    return type_name.removeprefix("kz.ahual.")


def _mqtt(channel: Channel) -> dict[str, Any]:
    return {
        "address": f"{TOPIC_PREFIX}{_SEGMENT}/{channel}",
        "description": _TELLS[channel],
        "servers": [{"$ref": "#/servers/mqtt"}],
        "parameters": _IDENTITY,
        "messages": _events() if channel == "events" else {channel: {"$ref": f"#/components/messages/{channel}"}},
    }


def _kafka(topic: Topic) -> dict[str, Any]:
    letters = {"dead-letter": {"$ref": "#/components/messages/dead-letter"}}
    settings = {"retention.ms": topic.retention_ms}
    if "max.message.bytes" in topic.config:
        settings["max.message.bytes"] = int(topic.config["max.message.bytes"])
    return {
        "address": topic.name,
        "description": topic.description,
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": letters if topic.name == DEAD_LETTERS else _events(),
        "bindings": {
            "kafka": {"partitions": topic.partitions, "topicConfiguration": settings, "bindingVersion": "0.5.0"}
        },
    }


def _name(topic: Topic) -> str:
    return "kafka-dead-letters" if topic.name == DEAD_LETTERS else "kafka-events"


def _events() -> dict[str, Any]:
    names = map(message_name, EVENT_TYPES)
    return {name: {"$ref": f"#/components/messages/{name}"} for name in names}


def _operations() -> dict[str, Any]:
    """What Ahual itself does: `receive` is what it takes in, `send` what it writes."""
    made = {
        f"take-{channel}": ("receive", f"mqtt-{channel}", {"mqtt": {"qos": 1, "bindingVersion": "0.2.0"}})
        for channel in CHANNELS
    }
    none: dict[str, Any] = {}
    made |= {
        "forward-events": ("send", "kafka-events", none),
        "score-events": ("receive", "kafka-events", none),
        "reject": ("send", "kafka-dead-letters", none),
        "keep-rejected": ("receive", "kafka-dead-letters", none),
    }
    return {
        name: {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, **({"bindings": b} if b else {})}
        for name, (action, channel, b) in made.items()
    }


def _messages() -> dict[str, Any]:
    examples, schemas = examples_by_type(), _schema_names()
    made = {message_name(name): _message(name, schemas[name], examples.get(name, [])) for name in EVENT_TYPES}
    made["senml"] = {
        "title": "SenML pack",
        "summary": _TELLS["senml"],
        "contentType": "application/senml+json",
        "payload": {"type": "array", "items": {"type": "object"}, "description": "RFC 8428"},
    }
    made["telemetry"] = {
        "title": "Telemetry in ThingsBoard's form",
        "summary": _TELLS["telemetry"],
        "payload": {"type": ["object", "array"], "description": "docs/telemetry.md"},
    }
    made["status"] = {"title": "Status", "summary": _TELLS["status"], "payload": {"type": "object"}}
    made["dead-letter"] = {
        "title": "Dead letter",
        "summary": "What was rejected and why; the payload is sealed (docs/privacy.md).",
        "bindings": _KEYED,
        "payload": {"$ref": "#/components/schemas/DeadLetter"},
    }
    return made


_KEYED: Final = {"kafka": {"key": {"type": "string", "description": _SEGMENT}, "bindingVersion": "0.5.0"}}


def _message(type_name: str, schema: str, examples: list[dict[str, Any]]) -> dict[str, Any]:
    data = EVENT_TYPES[type_name]
    made: dict[str, Any] = {
        "name": type_name,
        "title": data.title["en"],
        "summary": (data.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/cloudevents+json",
        "bindings": _KEYED,
        "payload": {
            "allOf": [
                {"$ref": f"#/components/schemas/{schema}"},
                {"properties": {"type": {"const": type_name}}},
            ]
        },
    }
    if examples:
        made["examples"] = examples
    return made


def examples_by_type() -> dict[str, list[dict[str, Any]]]:
    """The valid examples of each type that have data, by the file's name."""
    found: dict[str, list[dict[str, Any]]] = {}
    folders = sorted((files("schemas") / "examples").iterdir(), key=lambda folder: folder.name)
    for folder in folders:
        for file in sorted((folder / "valid").iterdir(), key=lambda file: file.name):
            event = json.loads(file.read_text("utf-8"))
            if "data" in event:
                found.setdefault(event["type"], []).append({"name": file.name.removesuffix(".json"), "payload": event})
    return found


_REF: Final = "#/components/schemas/{model}"


def _generated() -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    models = [(model, "validation") for model in (*CONTRACTS.values(), DeadLetter)]
    return models_json_schema(models, ref_template=_REF)  # type: ignore[arg-type]  # a list of pairs is what it takes


def _schema_names() -> dict[str, str]:
    refs, _ = _generated()
    return {name: refs[(model, "validation")]["$ref"].rpartition("/")[2] for name, model in CONTRACTS.items()}


def _schemas() -> dict[str, Any]:
    _, definitions = _generated()
    return dict(sorted(definitions["$defs"].items()))
