"""The live line's arithmetic."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from services.cli.meter import Meter, Reading, line, parse
from services.runtime.messages import LANGUAGES
from services.runtime.metrics import Metrics


def test_rate_and_percentile_are_those_of_the_last_half_minute() -> None:
    meter = Meter()
    meter.add(Reading(0, 1000, {0.1: 1000, 1.0: 1000}))
    meter.add(Reading(10, 1200, {0.1: 1100, 1.0: 1200}))
    assert meter.rate == 20
    assert meter.latency(0.5) == pytest.approx(0.1)
    assert meter.latency(0.75) == pytest.approx(0.55)
    meter.add(Reading(100, 1200, {0.1: 1100, 1.0: 1200}))
    assert meter.rate == 0
    assert meter.latency(0.99) is None


def test_a_restarted_scorer_starts_anew() -> None:
    meter = Meter()
    meter.add(Reading(0, 1000, {}))
    meter.add(Reading(10, 5, {}))
    meter.add(Reading(20, 15, {}))
    assert meter.rate == 1


def test_what_the_scorer_publishes_is_read() -> None:
    metrics = Metrics()
    metrics.counter("ahual_scorer_events_total").labels("stored").inc(3)
    metrics.counter("ahual_scorer_events_total").labels("duplicate").inc(2)
    metrics.histogram("ahual_scorer_event_latency_seconds").observe(0.04)
    reading = parse(generate_latest(metrics.registry).decode(), 7)
    assert (reading.at, reading.events) == (7, 5)
    assert reading.buckets[0.025] == 0
    assert reading.buckets[0.05] == 1


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_line_exists_in_every_language(lang: str) -> None:
    assert "–" in line(None, Meter(), lang)
    assert "71.25" in line({"index": 71.25, "coverage": 0.5}, Meter(), lang)
