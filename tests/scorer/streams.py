"""Random streams of contact-centre events with everything that goes wrong with them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.events.envelope import Retraction, canonical
from schemas.events.reference import TotalReported
from schemas.events.registry import CONTRACTS
from tests.scorer.events import PREFIX

BEGIN: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
"""When the stream is stored; its events happened before."""
CITIES: Final = ("karaganda", "almaty", "nowhere")
DEVICES: Final = ("pbx-1", "pbx-2", "crm")


class Stream:
    """A seeded generator of event bodies in an order of arrival."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._made: list[dict[str, Any]] = []

    def bodies(self, count: int) -> list[bytes]:
        """Facts, corrections in chains, retractions, conflicts, copies, nonsense; shuffled as one likes it."""
        rng = self._rng
        for number in range(count):
            roll = rng.random()
            if not self._made or roll < 0.6:
                self._made.append(self._fact(f"e-{number}"))
            elif roll < 0.9:
                self._made.append(self._correction(f"e-{number}"))
            else:
                self._made.append(self._contradiction())
        bodies = [encoded(event) for event in self._made]
        bodies += rng.choices(bodies, k=count // 4)
        bodies += [b"not an event", b"{}", b'{"type":"kz.ahual.contact-centre.call-answered.v1"}']
        return self._disordered(bodies)

    def _disordered(self, bodies: list[bytes]) -> list[bytes]:
        reach = self._rng.choice([1, 5, 50, len(bodies)])
        places = [(index + self._rng.randrange(reach), body) for index, body in enumerate(bodies)]
        return [body for _, body in sorted(places, key=lambda place: place[0])]

    def _fact(self, name: str) -> dict[str, Any]:
        rng = self._rng
        kind = rng.choice(list(_DATA))
        time = self._moment()
        event: dict[str, Any] = {
            "specversion": "1.0",
            "id": name,
            "source": f"/{rng.choices(CITIES, [6, 3, 1])[0]}/contact-centre/{rng.choice(DEVICES)}",
            "type": TYPE_OF[kind],
            "time": time.isoformat(),
            "data": {key: value for key, value in _DATA[kind](rng, time).items() if value is not None},
        }
        if rng.random() < 0.5:
            event["data"]["district"] = rng.choice(["abai", "oktyabr"])
        if rng.random() < 0.5:
            event["recordedtime"] = (time + timedelta(milliseconds=rng.randrange(60_000))).isoformat()
        return event

    def _moment(self) -> datetime:
        rng = self._rng
        days = rng.choices([0.2, 5, 60, 399, 410], [8, 8, 4, 2, 1])[0]
        return BEGIN - timedelta(microseconds=rng.randrange(int(days * 86_400_000_000)))

    def _correction(self, name: str) -> dict[str, Any]:
        """Of anything made before, of a correction, of one that is corrected already, or of what never comes."""
        rng = self._rng
        event = self._fact(name)
        wrong = rng.choice(self._made[-30:])
        event["source"] = wrong["source"]
        event["supersedesid"] = wrong["id"] if rng.random() < 0.95 else "never-sent"
        event["supersedestime"] = wrong["time"]
        if rng.random() < 0.3:
            del event["data"]
        if rng.random() < 0.05 and "supersedesid" not in wrong and wrong["id"] != event["supersedesid"]:
            wrong |= {"supersedesid": event["id"], "supersedestime": event["time"]}  # a circle
        return event

    def _contradiction(self) -> dict[str, Any]:
        """The identity of another event with other content, correction or not."""
        rng = self._rng
        known = rng.choice(self._made[-30:])
        other = self._correction(known["id"]) if rng.random() < 0.5 else self._fact(known["id"])
        other |= {"source": known["source"], "time": known["time"]}
        if (other.get("supersedesid"), other.get("supersedestime")) == (other["id"], other["time"]):
            return known
        return other


def encoded(event: dict[str, Any]) -> bytes:
    """As the gateway writes it to Kafka."""
    model: Any = CONTRACTS[event["type"]] if "data" in event else Retraction
    return canonical(model.model_validate_json(json.dumps(event)))


def _call(rng: random.Random, time: datetime, end: str) -> dict[str, Any]:
    queued = time - timedelta(milliseconds=rng.randrange(120_000))
    return {"call": "c", "queue": "main", "queued_at": queued.isoformat(), end: time.isoformat()}


def _request(rng: random.Random, time: datetime) -> dict[str, Any]:
    registered = time - timedelta(hours=rng.randrange(200))
    return {
        "request": "r",
        "registered_at": registered.isoformat(),
        "due_at": (registered + timedelta(hours=rng.randrange(150))).isoformat(),
    }


def _registered(rng: random.Random, time: datetime) -> dict[str, Any]:
    kind = rng.choice(["incident", "complaint"])
    extra = {"kind": kind, "category": "roads", "channel": "phone", "registered_at": time.isoformat()}
    due = (time + timedelta(hours=rng.randrange(150))).isoformat()
    return _request(rng, time) | extra | {"due_at": due, "repeat_of": rng.choice([None, "r-0"])}


def _forwarded(rng: random.Random, time: datetime) -> dict[str, Any]:
    return _request(rng, time) | {"forwarded_at": time.isoformat(), "service": "s", "attempt": rng.choice([1, 2])}


def _resolved(rng: random.Random, time: datetime) -> dict[str, Any]:
    extra = {"kind": rng.choice(["incident", "inquiry"]), "first_contact": rng.random() < 0.5}
    return _request(rng, time) | extra | {"resolved_at": time.isoformat()}


def _total(rng: random.Random, time: datetime) -> dict[str, Any]:
    until = (time + timedelta(hours=rng.randrange(1, 500))).isoformat()
    name = rng.choice(["residents", "service_requests", "smart_stops", "nobody_reads_this"])
    as_of = (time - timedelta(hours=rng.randrange(48))).isoformat()
    return {"name": name, "total": rng.randrange(10**6), "as_of": as_of, "until": rng.choice([None, until])}


def _survey(rng: random.Random, time: datetime) -> dict[str, Any]:
    survey, scale = rng.choice([("request_closed", 5), ("service", 10)])
    return {"survey": survey, "scale": scale, "score": rng.randrange(1, scale + 1), "answered_at": time.isoformat()}


_DATA: Final = {
    "call-answered": lambda rng, time: _call(rng, time, "answered_at"),
    "call-abandoned": lambda rng, time: _call(rng, time, "abandoned_at"),
    "request-registered": _registered,
    "request-forwarded": _forwarded,
    "request-resolved": _resolved,
    "survey-answered": _survey,
    "total-reported": _total,
}


TYPE_OF: Final = {kind: f"{PREFIX}{kind}.v1" for kind in _DATA} | {"total-reported": TotalReported.type_name}


def cuts(rng: random.Random, length: int, longest: int) -> Iterator[slice]:
    """Random consecutive pieces."""
    begin = 0
    while begin < length:
        end = min(length, begin + rng.randrange(1, longest + 1))
        yield slice(begin, end)
        begin = end
