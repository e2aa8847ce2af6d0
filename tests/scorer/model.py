"""A plain, slow, obviously right model of what the scorer keeps: a dictionary, a loop and the catalogue's YAML.

It imports nothing of the scorer. Events go in as bytes in the order in which their batches were committed; an event
counts if it is stored, has data, and no stored event supersedes it (docs/adr/0008-corrections.md).
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from schemas import yaml_text

KPIS: Final = ("1.1", "1.8", "1.9", "1.10", "2.1", "2.2", "2.3", "2.4", "2.5", "2.6", "2.7")
FOLDER: Final = Path(__file__).parents[2] / "schemas" / "kpis"
TYPES: Final = (
    "call-answered",
    "call-abandoned",
    "request-registered",
    "request-forwarded",
    "request-resolved",
    "survey-answered",
    "total-reported",
)

Identity = tuple[str, str, datetime]
Cell = tuple[str, str, str, str, datetime]
"""City, KPI, component, district, begin of the bucket."""
Sums = tuple[int, int, int]


class Town(NamedTuple):
    """What the model knows of a city."""

    category: str
    timezone: str


class Stored(NamedTuple):
    """An event as it was stored."""

    body: bytes
    event: dict[str, Any]
    partition: int
    stored_at: datetime


def measures() -> dict[str, dict[str, Any]]:
    """The contact centre's measures and data latency, as the catalogue states them."""
    kpis = [kpi for path in sorted(FOLDER.glob("*.yaml")) for kpi in yaml_text.parse(path.read_text("utf-8"))["kpis"]]
    return {kpi["code"]: kpi["measure"] for kpi in kpis if kpi["code"] in KPIS}


@dataclass
class Model:
    """The ledger and everything that follows from it."""

    towns: dict[str, Town]
    floor: datetime
    """Of the only event class these KPIs have."""
    measures: dict[str, dict[str, Any]] = field(default_factory=measures)
    stored: dict[Identity, Stored] = field(default_factory=dict)
    superseded: dict[Identity, Identity] = field(default_factory=dict)
    """By what."""
    outcomes: defaultdict[int, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """How many records of each partition were stored, duplicates or rejected."""

    def take(self, partition: int, body: bytes, stored_at: datetime) -> str:
        """What becomes of one record."""
        outcome = self._outcome(partition, body, stored_at)
        self.outcomes[partition]["stored" if outcome == "stored" else outcome.partition(":")[0]] += 1
        return outcome

    def _outcome(self, partition: int, body: bytes, stored_at: datetime) -> str:
        try:
            event = json.loads(body)
            known_type = event["type"].split(".")[3] in TYPES
            time = datetime.fromisoformat(event["time"])
        except (ValueError, KeyError, TypeError, IndexError):
            return "rejected:undecodable"
        if not known_type or not {"id", "source"} <= event.keys() or (not event.get("data") and not supersedes(event)):
            return "rejected:undecodable"
        if event["source"].split("/")[1] not in self.towns:
            return "rejected:unknown_city"
        identity, target = (event["source"], event["id"], time), supersedes(event)
        if time < self.floor or (target is not None and target[2] < self.floor):
            return "rejected:too_old"
        if identity in self.stored:
            return "duplicate" if self.stored[identity].body == body else "rejected:conflict"
        if target is not None and target in self.superseded:
            return "rejected:conflict"
        self.stored[identity] = Stored(body, event, partition, stored_at)
        if target is not None:
            self.superseded[target] = identity
        return "stored"

    def counting(self) -> Iterator[Stored]:
        """The events that count."""
        for identity, stored in self.stored.items():
            if identity not in self.superseded and stored.event.get("data"):
                yield stored

    def parts(self, tier: str, partition: int | None = None) -> dict[Cell, Sums]:
        """Sums per city, KPI, district and bucket; all partitions, or those of one partition's events."""
        total: defaultdict[Cell, list[int]] = defaultdict(lambda: [0, 0, 0])
        for stored in self.counting():
            if partition is None or stored.partition == partition:
                for cell, sums in self.contributions(stored, tier):
                    total[cell] = [a + b for a, b in zip(total[cell], sums, strict=True)]
        return {cell: (n, d, c) for cell, (n, d, c) in total.items() if c}

    def contributions(self, stored: Stored, tier: str) -> Iterator[tuple[Cell, Sums]]:
        """What one event adds to which cells."""
        city = stored.event["source"].split("/")[1]
        town = self.towns[city]
        district = stored.event["data"].get("district") or ""
        for kpi, measure in self.measures.items():
            for place in ("numerator", "denominator"):
                for term in measure.get(place, ()):
                    if term["event"] in ("any", stored.event["type"]) and holds(term, stored, town):
                        value = read(term.get("value"), stored)
                        if value is None:
                            continue
                        both = measure["kind"] == "mean"
                        sums = (value, int(both), 1) if place == "numerator" else (0, value, 1)
                        yield (
                            (city, kpi, "", district, bucket(moment(term.get("at", "time"), stored), tier, town)),
                            sums,
                        )


def supersedes(event: dict[str, Any]) -> Identity | None:
    """The identity of the event that this one names."""
    if event.get("supersedesid") is None:
        return None
    return event["source"], event["supersedesid"], datetime.fromisoformat(event["supersedestime"])


def look_up(name: str, stored: Stored) -> Any:
    """A field of the data, else of the envelope."""
    return stored.event["data"][name] if name in stored.event["data"] else stored.event.get(name)


def moment(name: str, stored: Stored) -> Any:
    """A field that is a timestamp; `committedtime` is when it was stored."""
    if name == "committedtime":
        return stored.stored_at
    text = look_up(name, stored)
    return None if text is None else datetime.fromisoformat(text)


def elapsed(names: list[str], stored: Stored) -> int | None:
    """Whole milliseconds between two timestamps, never negative."""
    begin, end = (moment(name, stored) for name in names)
    if begin is None or end is None:
        return None
    return int(max(0, (end - begin) // timedelta(milliseconds=1)))


def read(value: dict[str, Any] | None, stored: Stored) -> int | None:
    """What a term adds."""
    if value is None:
        return 1
    if "elapsed" in value:
        return elapsed(value["elapsed"], stored)
    found = look_up(value["field"], stored)
    return None if found is None else round(found * value.get("scale", 1))


def holds(term: dict[str, Any], stored: Stored, town: Town) -> bool:
    """Whether all conditions of a term hold."""
    return all(satisfied(condition, stored, town) for condition in term.get("where", ()))


def satisfied(condition: dict[str, Any], stored: Stored, town: Town) -> bool:
    """One condition; one that this model does not know is an error, never true."""
    if "elapsed" in condition:
        spent = elapsed(condition["elapsed"], stored)
        limit = condition["at_most"]
        return spent is not None and spent <= (limit[town.category] if isinstance(limit, dict) else limit)
    name = condition["field"]
    if "not_after" in condition:
        return bool(moment(name, stored) <= moment(condition["not_after"], stored))
    if "equals" in condition:
        return bool(look_up(name, stored) == condition["equals"])
    if "one_of" in condition:
        return look_up(name, stored) in condition["one_of"]
    if "present" in condition:
        return (look_up(name, stored) is not None) is condition["present"]
    raise NotImplementedError(condition)


def bucket(at: datetime, tier: str, town: Town) -> datetime:
    """Begin of the UTC minute or hour, or of the city's day."""
    if tier == "day":
        local = at.astimezone(ZoneInfo(town.timezone))
        return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    whole = at.astimezone(UTC).replace(second=0, microsecond=0)
    return whole if tier == "minute" else whole.replace(minute=0)
