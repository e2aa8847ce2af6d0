"""What the lifespan yields and every endpoint asks for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from schemas.catalogue import Catalogue
from services.api.attempts import Attempts
from services.api.courses import Courses
from services.api.dashboard import Dashboard
from services.api.hub import Hub
from services.api.layer_reader import LayerReader
from services.api.oidc import Provider
from services.api.passwords import Passwords
from services.api.recomputing import Recomputing
from services.api.settings import ApiSettings
from services.api.snapshots import SnapshotReader
from services.api.source_reader import SourceReader
from services.api.stock_taking import StockTaking
from services.runtime.clock import Clock
from services.runtime.metrics import Metrics


@dataclass(slots=True)
class State:
    """The opened resources of one API process. `stopping` is set when the process was asked to end; `catalogue` and
    `recomputing` are replaced when the cities' own KPIs change."""

    settings: ApiSettings
    engine: AsyncEngine
    snapshots: SnapshotReader
    hub: Hub
    recomputing: Recomputing
    metrics: Metrics
    sources: SourceReader
    stock: StockTaking
    catalogue: Catalogue
    clock: Clock
    stopping: asyncio.Event
    migration_head: str | None
    layers: LayerReader
    attempts: Attempts
    passwords: Passwords
    oidc: Provider | None
    dashboard: Dashboard
    courses: Courses


def _state(connection: HTTPConnection) -> State:
    state: State = connection.state.api
    return state


ApiState = Annotated[State, Depends(_state)]
