"""A simulated fact as a form to fill in: canonical events at a few microseconds each.

`plain` events are about 300 bytes: whole seconds, no optional attribute. `full` ones are about 450: milliseconds,
`recordedtime`, `sequence` and `datacontenttype`, as the simulated live devices send them.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import msgspec

from schemas.identity import Identity
from services.ingest.validation import Accepted, Limits, accept
from simulators.facts import Fact, encode
from simulators.moments import DAY, SECOND, milliseconds, moment

Size = Literal["plain", "full"]
RECORDED_MS: Final = 200
"""How long after the fact its departmental system had it."""
IN_TIME_MS: Final = 45_000
"""KPI 1.8: a regional city answers within 45 s."""
_TIME: Final = re.compile(rb'(?<=":")\d{4}-\d\d-\d\dT[0-9:.]+Z(?=")')
PATIENT: Final = Limits(max_future=timedelta(days=36500))
"""What is filled in may lie ahead: due dates, surveys."""


class Call(NamedTuple):
    """What the compared jobs count of an event; zeros when it is no call."""

    offered: int
    in_time: int
    answered: int
    wait_ms: int


class Stencil(NamedTuple):
    """One fact."""

    form: bytes
    """With places for number, source, time, sequence (if any) and the other timestamps."""
    offsets: tuple[int, ...]
    """How far each of the form's timestamps lies from the event's time, in ms."""
    sequenced: bool
    call: Call

    def fill(self, source: bytes, sequence: int, number: int, time: int) -> bytes:
        """The event at `time` (ms since 1970); `number` makes it another one."""
        first, *others = [_rfc3339(time + offset) for offset in self.offsets]
        if self.sequenced:
            return self.form % (number, source, first, sequence, *others)
        return self.form % (number, source, first, *others)


def stencil(fact: Fact, city: str, size: Size) -> Stencil:
    """By way of the gateway's own validation, whose canonical bytes become the form."""
    body = _canonical(fact if size == "full" else _whole_seconds(fact), city, size)
    times = [milliseconds(datetime.fromisoformat(text.decode())) for text in _TIME.findall(body)]
    form = _TIME.sub(b"%b", body.replace(b"%", b"%%"))
    form = re.sub(rb'"id":"([^"]*)","source":"[^"]*"', rb'"id":"\1-%d","source":"%b"', form)
    form = form.replace(b'"sequence":"1"', b'"sequence":"%d"')
    return Stencil(form, tuple(time - times[0] for time in times), size == "full", _call(body))


def _canonical(fact: Fact, city: str, size: Size) -> bytes:
    optional = {"recorded": fact.time + RECORDED_MS, "sequence": 1} if size == "full" else {}
    payload = encode(city, fact, **optional)
    if size == "plain":
        payload = payload.replace(b'"datacontenttype":"application/json",', b"")
    (outcome,) = accept(Identity(city, "contact-centre", fact.device), payload, datetime.now(UTC), PATIENT)
    assert isinstance(outcome, Accepted), outcome
    return outcome.body


def _whole_seconds(fact: Fact) -> Fact:
    def whole(name: str, value: Any) -> Any:
        return value // SECOND * SECOND if name.endswith("_at") else value

    data = {name: whole(name, value) for name, value in fact.data.items()}
    return fact._replace(time=whole("_at", fact.time), id=fact.id.partition("-")[2], data=data)


def _call(body: bytes) -> Call:
    event = msgspec.json.decode(body)
    data = event["data"]
    if "answered_at" not in data or "queued_at" not in data:
        return Call(int("abandoned_at" in data), 0, 0, 0)
    queued, answered = (datetime.fromisoformat(data[name]) for name in ("queued_at", "answered_at"))
    wait = (answered - queued) // timedelta(milliseconds=1)
    return Call(1, int(wait <= IN_TIME_MS), 1, wait)


def _rfc3339(ms: int) -> bytes:
    day, rest = divmod(ms, DAY)
    second, rest = divmod(rest, SECOND)
    date = _date(day) + _clock()[second]
    return b"%b.%03d000Z" % (date, rest) if rest else date + b"Z"


@lru_cache
def _date(day: int) -> bytes:
    return moment(day * DAY).strftime("%Y-%m-%dT").encode()


@lru_cache
def _clock() -> tuple[bytes, ...]:
    """Every second of a day."""
    return tuple(moment(second * SECOND).strftime("%H:%M:%S").encode() for second in range(DAY // SECOND))
