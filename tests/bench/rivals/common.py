"""What every compared job does with an event, and where it puts the sums: the same code for all, standard library only.

The job: parse the JSON, drop what was seen before by (source, id, time), and keep per city and minute of event time the
number of events, of offered calls (answered or abandoned), of those answered within 45 s, and the sum of waiting times
of the answered ones: a share and a mean.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

TOPIC = "ahual.events.v1"
PARTITIONS = 6
KAFKA = os.environ.get("BENCH_KAFKA", "")
DATABASE = os.environ.get("BENCH_DATABASE", "")
STATE = os.environ.get("BENCH_STATE", "")
GROUP = os.environ.get("BENCH_GROUP", "bench")
BATCH = 5000

COLUMNS = ("events", "offered", "in_time", "answered", "wait_ms")
_SUMS = ", ".join(f"{name} = bench_result.{name} + excluded.{name}" for name in COLUMNS)


def add_statement(*places: str) -> str:
    """The upsert, with the driver's placeholders for seven arrays."""
    return f"""
        INSERT INTO bench_result (city, minute, {", ".join(COLUMNS)})
        SELECT * FROM unnest({", ".join(places)})
        ON CONFLICT (city, minute) DO UPDATE SET {_SUMS}
    """  # noqa: S608 -- our own names


class Counted(NamedTuple):
    """One event's part in the sums, and its identity."""

    source: str
    identity: str
    cell: tuple[str, str]
    """City and minute."""
    added: tuple[int, int, int, int, int]


def count(event: Mapping[str, Any]) -> Counted:
    """What an event adds."""
    source, time, data = event["source"], event["time"], event["data"]
    cell = (source.split("/", 2)[1], time[:16] + "Z")
    kind = event["type"].rsplit(".", 2)[1]
    added = (1, 0, 0, 0, 0)
    if kind == "call-answered":
        waited = datetime.fromisoformat(data["answered_at"]) - datetime.fromisoformat(data["queued_at"])
        wait_ms = round(waited.total_seconds() * 1000)
        added = (1, 1, int(wait_ms <= 45_000), 1, wait_ms)
    elif kind == "call-abandoned":
        added = (1, 1, 0, 0, 0)
    return Counted(source, f"{event['id']} {time}", cell, added)


def columns_of(counted: Iterable[Counted]) -> list[list[Any]]:
    """Seven columns of one row per city and minute, in key order, so that nobody waits in a circle."""
    cells: dict[tuple[str, str], tuple[int, ...]] = {}
    for one in counted:
        known = cells.get(one.cell)
        cells[one.cell] = one.added if known is None else tuple(map(sum, zip(known, one.added, strict=True)))
    rows = [(city, datetime.fromisoformat(minute), *sums) for (city, minute), sums in sorted(cells.items())]
    return [list(column) for column in zip(*rows, strict=True)]
