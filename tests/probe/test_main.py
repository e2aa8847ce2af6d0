"""When an observer speaks, of which time, and what it does while nobody listens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from schemas.events.registry import CONTRACTS
from services.probe import events
from services.probe.looking import Counts
from services.probe.main import Observer
from services.probe.settings import ProbeSettings
from services.probe.spool import Spool
from services.probe.watching import Seen
from services.runtime.metrics import Metrics
from tests.probe.web import Answer, Site

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Watch:
    """A clock that somebody turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def settings(page: str, spool: Path) -> ProbeSettings:
    return ProbeSettings(
        allow_plaintext=True, probe_page=page, probe_key=SecretStr("x"), probe_city="karaganda", probe_spool=spool
    )


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "probe.sqlite") as opened:
        yield opened


def stretches(spool: Spool) -> list[tuple[float, float, bool]]:
    """Begin, end (s after NOW) and goodness of each."""
    data: list[Any] = [event.body["data"] for event in spool.first(100)]
    at = [
        [(datetime.fromisoformat(one[end]) - NOW).total_seconds() for end in ("begun_at", "ended_at")] for one in data
    ]
    return [(begun, ended, one["good"]) for (begun, ended), one in zip(at, data, strict=True)]


async def test_an_answer_speaks_for_the_time_since_the_one_before(web: Site, spool: Spool, tmp_path: Path) -> None:
    clock = Watch()
    observer = Observer(settings(web.url, tmp_path), spool, clock, Metrics())
    await observer.watch()
    assert stretches(spool) == [], "nobody watched until now"
    clock.turn(10)
    await observer.watch()
    clock.turn(10)
    web.answers["/"] = Answer("", 503)
    await observer.watch()
    assert stretches(spool) == [(0, 10, True), (10, 20, False)]


async def test_who_was_away_says_nothing_of_that_time(web: Site, spool: Spool, tmp_path: Path) -> None:
    clock = Watch()
    observer = Observer(settings(web.url, tmp_path), spool, clock, Metrics())
    for pause in (0, 10, 3600, 10):
        clock.turn(pause)
        await observer.watch()
    assert stretches(spool) == [(0, 10, True), (3610, 3620, True)]


async def test_after_a_restart_nothing_overlaps_even_when_the_clock_was_set_back(
    web: Site, spool: Spool, tmp_path: Path
) -> None:
    clock = Watch()
    before = Observer(settings(web.url, tmp_path), spool, clock, Metrics())
    for pause in (0, 10, 10):
        clock.turn(pause)
        await before.watch()
    clock.turn(-12)
    after = Observer(settings(web.url, tmp_path), spool, clock, Metrics())
    for pause in (0, 10, 10):
        clock.turn(pause)
        await after.watch()
    assert stretches(spool) == [(0, 10, True), (10, 20, True), (20, 28, True)]


def test_what_is_said_keeps_the_contracts() -> None:
    said = [
        events.stretch(NOW, NOW + timedelta(seconds=10), Seen(True, 200, 12)),
        events.stretch(NOW, NOW + timedelta(seconds=10), Seen(False, None, None)),
        *events.totals(Counts(3, 0, 0), NOW),
    ]
    for event in said:
        CONTRACTS[event["type"]].model_validate({**event, "source": "/karaganda/situation-centre/probe"}, strict=False)
    assert {event["data"]["name"] for event in said[2:]} == {
        "visualisation_types",
        "gis_layers",
        "critical_objects_mapped",
    }


def test_outside_a_demo_everything_is_encrypted(tmp_path: Path) -> None:
    given: dict[str, Any] = {"probe_key": SecretStr("x"), "probe_city": "karaganda", "allow_plaintext": False}
    https: dict[str, Any] = {"probe_page": "https://city.example/", "probe_intake": "https://in.example"}
    assert ProbeSettings(**{**given, **https}).longest_s == 25
    for name, value in (("page", "http://city.example/"), ("intake", "http://in.example")):
        with pytest.raises(ValidationError, match="TLS"):
            ProbeSettings(**{**given, **https, f"probe_{name}": value})
    with pytest.raises(ValidationError, match="TLS"):
        ProbeSettings(**{**given, **https, "metrics_host": "::"})
