"""How taking events in can fail.

    IngestError
    ├── RejectedError       never retry: this payload can never be an event; it becomes a dead letter with its reason
    ├── UnconfirmedError    retry later: Kafka did not confirm in time, or too much waits for it already
    ├── NotReplayableError  never retry: a stored dead letter that was cut cannot be sent again
    ├── KeyFileError        a file of keys cannot be used: the process does not start, or goes on with those it has
    └── SealError           a sealed payload cannot be opened with this key, or somebody changed it

Transport failures (MQTT, Kafka, database) stay what their libraries raise, are logged where they are met and retried.
"""

from __future__ import annotations

from schemas.dead_letter import Reason


class IngestError(Exception):
    """Base of the intake's own failures."""


class RejectedError(IngestError):
    """This payload can never be accepted: why, where (`$.data.x`) and what to do about it, in English."""

    def __init__(self, reason: Reason, detail: str, field: str | None = None) -> None:
        super().__init__(reason, field, detail)
        self.reason = reason
        self.detail = detail
        self.field = field


class UnconfirmedError(IngestError):
    """Kafka has not confirmed; the sender keeps the event and sends it again."""


class NotReplayableError(IngestError):
    """The dead letter holds only the beginning of its payload."""


class KeyFileError(IngestError):
    """A file of hash or seal keys cannot be used; the text says which and why, and nothing of what is in it."""


class SealError(IngestError):
    """The payload was sealed for another key, or it, its topic or its sender was changed."""
