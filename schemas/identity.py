"""Who reports: the identity `{city}/{system}/{device}` that MQTT topics, Kafka keys and event sources share."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple, get_args

Channel = Literal["events", "senml", "telemetry", "status"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
TOPIC_PREFIX: Final = "ahual/v1/"
# What every gateway subscribes to, at QoS 1: each takes its share of what devices publish.
SHARED_CHANNELS: Final[tuple[Channel, ...]] = ("events", "senml", "telemetry")
SHARED_FILTERS: Final = tuple(f"$share/ahual/{TOPIC_PREFIX}+/+/+/{channel}" for channel in SHARED_CHANNELS)
SPARKPLUG_PREFIX: Final = "spBv1.0/"
SPARKPLUG_FILTER: Final = f"{SPARKPLUG_PREFIX}#"
"""What one named gateway subscribes to, unshared: an edge node's messages only mean something together and in order."""
_PART: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")


class Identity(NamedTuple):
    """A reporting device or departmental system of a city."""

    city: str
    system: str
    device: str

    def __str__(self) -> str:
        return f"{self.city}/{self.system}/{self.device}"

    @property
    def source(self) -> str:
        """The CloudEvents `source`."""
        return f"/{self}"

    @property
    def key(self) -> bytes:
        """The Kafka record key."""
        return str(self).encode()


def parse_identity(text: str) -> Identity:
    """Read `city/system/device`; ValueError when a part is missing, too many or not `[a-z0-9][a-z0-9_.-]*`."""
    parts = text.split("/")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise ValueError("not a city/system/device in small Latin letters, digits, '_', '.', '-'")
    return Identity(*parts)


def parse_topic(topic: str) -> tuple[Identity, Channel]:
    """Read `ahual/v1/{city}/{system}/{device}/{channel}`; ValueError when it is another topic."""
    head, _, tail = topic.removeprefix(TOPIC_PREFIX).rpartition("/")
    channel = next((known for known in CHANNELS if known == tail), None)
    if not topic.startswith(TOPIC_PREFIX) or channel is None:
        raise ValueError("not ahual/v1/{city}/{system}/{device}/{channel}")
    return parse_identity(head), channel


def topic_of(identity: Identity, channel: Channel) -> str:
    """The MQTT topic on which this device publishes."""
    return f"{TOPIC_PREFIX}{identity}/{channel}"
