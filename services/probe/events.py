"""Observations as events; whose they are the intake knows from the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from schemas.events.reference import TotalReported
from schemas.events.situation_centre import PageProbed
from services.probe.looking import Counts
from services.probe.watching import Seen


def stretch(begun: datetime, ended: datetime, seen: Seen) -> Mapping[str, Any]:
    """The page as it was between two looks at it."""
    data: dict[str, Any] = {"begun_at": begun.isoformat(), "ended_at": ended.isoformat(), "good": seen.good}
    if seen.status is not None:
        data["status"] = seen.status
    if seen.answered_ms is not None:
        data["answered_ms"] = seen.answered_ms
    return _event(PageProbed.type_name, f"page-{begun.isoformat()}", ended, data)


def totals(counts: Counts, now: datetime) -> list[Mapping[str, Any]]:
    """What is shown, as dated totals."""
    return [
        _event(
            TotalReported.type_name,
            f"{name}-{now.isoformat()}",
            now,
            {"name": name, "total": total, "as_of": now.isoformat()},
        )
        for name, total in counts._asdict().items()
    ]


def _event(kind: str, code: str, time: datetime, data: Mapping[str, Any]) -> Mapping[str, Any]:
    moment = time.isoformat()
    return {"specversion": "1.0", "type": kind, "id": code, "time": moment, "recordedtime": moment, "data": dict(data)}
