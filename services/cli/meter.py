"""The demo's live line: index, coverage, events per second, p99 latency, from what the services publish."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from prometheus_client.parser import text_string_to_metric_families

from services.runtime.messages import text

SPAN_S: Final = 30.0
"""Rate and percentile are over this many trailing seconds."""
EVENTS: Final = "ahual_scorer_events_total"
LATENCY: Final = "ahual_scorer_event_latency_seconds_bucket"


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters of the scorer at one moment (seconds of a monotonic clock)."""

    at: float
    events: float
    buckets: Mapping[float, float]
    """Events by upper bound of latency, in s, cumulative."""


def parse(exposition: str, at: float) -> Reading:
    """Read the scorer's `/metrics`."""
    events = 0.0
    buckets: dict[float, float] = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            if sample.name == EVENTS:
                events += sample.value
            elif sample.name == LATENCY:
                buckets[float(sample.labels["le"])] = sample.value
    return Reading(at, events, buckets)


class Meter:
    """Differences between readings of the last half minute."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque()

    def add(self, reading: Reading) -> None:
        """Take a reading; one with smaller counters comes from a restarted scorer and starts anew."""
        if self._readings and reading.events < self._readings[-1].events:
            self._readings.clear()
        self._readings.append(reading)
        while self._readings[0].at < reading.at - SPAN_S:
            self._readings.popleft()

    @property
    def rate(self) -> float:
        """Events per second."""
        if len(self._readings) < 2:
            return 0.0
        first, last = self._readings[0], self._readings[-1]
        return (last.events - first.events) / (last.at - first.at)

    def latency(self, quantile: float) -> float | None:
        """Seconds within which this share of live events was committed; None without any.

        Interpolated inside the histogram's bucket, as Prometheus does.
        """
        if len(self._readings) < 2:
            return None
        first, last = self._readings[0].buckets, self._readings[-1].buckets
        seen = {bound: count - first.get(bound, 0.0) for bound, count in sorted(last.items())}
        total = max(seen.values(), default=0.0)
        if not total:
            return None
        lower, below = 0.0, 0.0
        for bound, count in seen.items():
            if count >= quantile * total:
                if bound == float("inf"):
                    return lower
                return lower + (bound - lower) * (quantile * total - below) / (count - below)
            lower, below = bound, count
        return lower


def line(snapshot: Mapping[str, Any] | None, meter: Meter, lang: str | None = None) -> str:
    """The line, in the user's language; a dash for what is not known yet."""
    p99 = meter.latency(0.99)
    index = snapshot["index"] if snapshot else None
    return text(
        "demo.line",
        lang,
        index="–" if index is None else f"{index:.2f}",
        coverage="–" if snapshot is None else f"{100 * snapshot['coverage']:.1f}",
        rate=f"{meter.rate:.1f}",
        p99="–" if p99 is None else f"{1000 * p99:.0f}",
    )
