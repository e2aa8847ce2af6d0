"""The live feed of one city: what a WebSocket or an SSE stream carries, one JSON object per message."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import SectionCode
from schemas.snapshot import KpiState, SectionState, Snapshot

EndReason = Literal["life", "shutdown", "stalled"]
"""`life`: the stream reached its age limit. `shutdown`: the server ends. `stalled`: the reader did not read."""


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SnapshotMessage(_Message):
    """First message, and again whenever a difference would not do (catalogue, category or bonus changed)."""

    type: Literal["snapshot"]
    revision: int
    server_time: datetime
    snapshot: Snapshot


class ChangeMessage(_Message):
    """What is different from `previous`; a KPI is listed if anything but its window's position changed."""

    type: Literal["change"]
    revision: int
    previous: int = Field(description="the revision this applies to; a reader that holds another one reconnects")
    server_time: datetime
    computed_at: datetime
    index: float | None
    lower: float
    upper: float
    coverage: float
    total: float | None
    rating: str | None
    sections: dict[SectionCode, SectionState]
    kpis: dict[str, KpiState]


class HeartbeatMessage(_Message):
    """Nothing new; the connection lives. Without a recent `confirmed_at` the figures may be old."""

    type: Literal["heartbeat"]
    server_time: datetime
    revision: int | None = Field(description="null until the city's first score is stored")
    confirmed_at: datetime | None = Field(description="when the database last said that this revision is the newest")


class EndMessage(_Message):
    """Last message: reconnect with `after` to go on."""

    type: Literal["end"]
    reason: EndReason


LiveMessage = Annotated[SnapshotMessage | ChangeMessage | HeartbeatMessage | EndMessage, Field(discriminator="type")]
