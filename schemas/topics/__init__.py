"""The topics as frozen models, read from the YAML files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

from schemas import yaml_text

EVENTS: Final = "ahual.events.v1"
DEAD_LETTERS: Final = "ahual.events.v1.dlq"


class Topic(BaseModel):
    """One Kafka topic: who writes, who reads, how long it keeps what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    key: str
    value: str
    producers: tuple[str, ...]
    consumers: tuple[str, ...]
    partitions: int = Field(ge=1)
    retention_ms: int = Field(ge=1)
    dead_letter: str | None = None
    config: dict[str, str] = {}


def load_topics() -> Mapping[str, Topic]:
    """All topics by name."""
    folder = files("schemas.topics")
    parsed = [yaml_text.parse(f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".yaml")]
    return {topic.name: topic for topic in map(Topic.model_validate, parsed)}
