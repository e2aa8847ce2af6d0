"""The closed set of metrics; `docs/metrics.md` prints this list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from services.runtime.tls import OwnCertificate


@dataclass(frozen=True, slots=True)
class MetricDef:
    """One metric: its kind, help text, label names and (histograms) bucket bounds in its own unit."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10, 30, 60, 300, 900, 1800)

METRICS: Final[dict[str, MetricDef]] = {
    "ahual_ingest_messages_total": MetricDef("counter", "Messages taken in, by way", ("way",)),
    "ahual_ingest_events_total": MetricDef("counter", "Events Kafka confirmed, by way", ("way",)),
    "ahual_ingest_rejected_total": MetricDef("counter", "Rejected messages and events, by reason", ("reason",)),
    "ahual_ingest_line_stopped": MetricDef("gauge", "1 while nothing is read because nearly everything is rejected"),
    "ahual_ingest_in_flight": MetricDef("gauge", "Messages taken in and not yet acknowledged"),
    "ahual_ingest_confirm_seconds": MetricDef("histogram", "From receipt to Kafka's confirmation", (), _SECONDS),
    "ahual_ingest_producer_rebuilds_total": MetricDef("counter", "Times a stuck Kafka producer was replaced"),
    "ahual_ingest_sparkplug_missed": MetricDef(
        "gauge", "Sparkplug messages that never came, by their sequence numbers, since the gateway started"
    ),
    "ahual_ingest_mqtt_connected": MetricDef("gauge", "1 while the gateway's MQTT session is connected"),
    "ahual_scorer_events_total": MetricDef("counter", "Events by outcome: stored, duplicate, rejected", ("outcome",)),
    "ahual_scorer_batch_seconds": MetricDef("histogram", "One batch from Kafka to COMMIT", (), _SECONDS),
    "ahual_scorer_event_latency_seconds": MetricDef(
        "histogram",
        "From an event's time to the COMMIT that stored it (live events; a sample)",
        (),
        _SECONDS,
    ),
    "ahual_scorer_lag_records": MetricDef("gauge", "Records in Kafka that are not stored yet", ("partition",)),
    "ahual_scorer_partition_owned": MetricDef(
        "gauge", "1 for a partition this scorer has, 0 for one it had", ("partition",)
    ),
    "ahual_scorer_fenced_total": MetricDef("counter", "Batches given up because another scorer had moved the offset"),
    "ahual_scorer_tick_seconds": MetricDef("histogram", "Computing and storing one city's CityScore", (), _SECONDS),
    "ahual_scorer_closing_seconds": MetricDef(
        "histogram", "Bringing one city's closed periods up to date", (), _SECONDS
    ),
    "ahual_scorer_closed_periods_total": MetricDef(
        "counter", "Values of calendar periods stored: closed (first revision), revised (a later one)", ("what",)
    ),
    "ahual_scorer_city_failed_total": MetricDef(
        "counter", "Times a city's damaged data kept it from the work named: score, closing", ("city", "what")
    ),
    "ahual_scorer_unreconciled_records": MetricDef(
        "gauge", "Offsets passed minus (stored + duplicate + rejected); anything but 0 is an alarm", ("partition",)
    ),
    "ahual_ledger_floor_age_seconds": MetricDef(
        "gauge", "Age of the oldest event time that is still taken", ("event_class",)
    ),
    "ahual_ledger_days_below_floor": MetricDef(
        "gauge", "Days below the floor that are not dropped: they wait for `ahual archive`", ("event_class",)
    ),
    "ahual_disk_free_ratio": MetricDef("gauge", "Free share of the disk a folder lies on, 0…1 (scorer)", ("folder",)),
    "ahual_probe_looks_total": MetricDef("counter", "Looks at the public page from outside: good, bad", ("what",)),
    "ahual_probe_answer_seconds": MetricDef("histogram", "Until page and score had answered the probe", (), _SECONDS),
    "ahual_probe_shown": MetricDef("gauge", "What the probe found shown, by the name of its total", ("name",)),
    "ahual_probe_unreported": MetricDef("gauge", "Observations that wait for the intake"),
    "ahual_notify_messages_total": MetricDef(
        "counter", "Messages to people by way and outcome: sent, refused", ("way", "outcome")
    ),
    "ahual_notify_waiting": MetricDef("gauge", "Notices of a way that are due and not out", ("way",)),
    "ahual_notify_waiting_seconds": MetricDef("gauge", "For how long the oldest of them has been due", ("way",)),
    "ahual_cityscore_index": MetricDef("gauge", "CityScore-Kazakhstan, 0…100, operational estimate", ("city",)),
    "ahual_cityscore_coverage_ratio": MetricDef("gauge", "Share of the index that rests on data, 0…1", ("city",)),
    "ahual_sources": MetricDef(
        "gauge", "Sources by state: live, silent, frozen, drifting (API)", ("city", "system", "state")
    ),
    "ahual_sources_missing_messages": MetricDef(
        "gauge", "Sequence numbers of its sources that never came: suspected loss (API)", ("city", "system")
    ),
    "ahual_reconciliation_records": MetricDef(
        "gauge",
        "Kafka offsets by outcome as the database has them: passed, stored, duplicate, rejected, skipped, and"
        " difference, which is an alarm unless it is 0 (API)",
        ("partition", "outcome"),
    ),
    "ahual_deliveries_overdue": MetricDef(
        "gauge", "Closed periods whose delivery to SDU is overdue, as `v_export_overdue` has them (API)", ("city",)
    ),
    "ahual_api_requests_total": MetricDef("counter", "HTTP requests by route and status", ("route", "status")),
    "ahual_api_request_seconds": MetricDef("histogram", "HTTP requests by route", ("route",), _SECONDS),
    "ahual_api_streams": MetricDef("gauge", "Open live streams by kind: websocket, sse", ("kind",)),
}


M = TypeVar("M", Counter, Gauge, Histogram)


class Metrics:
    """The metrics of one process; asking for a name outside `METRICS` is a KeyError."""

    def __init__(self) -> None:
        self.registry: Final = CollectorRegistry()
        self._made: Final[dict[str, Counter | Gauge | Histogram]] = {}

    def counter(self, name: str) -> Counter:
        """The counter of this name."""
        return self._of(name, "counter", Counter)

    def gauge(self, name: str) -> Gauge:
        """The gauge of this name."""
        return self._of(name, "gauge", Gauge)

    def histogram(self, name: str) -> Histogram:
        """The histogram of this name, with the buckets of its definition."""
        return self._of(name, "histogram", partial(Histogram, buckets=METRICS[name].buckets))

    def _of(self, name: str, kind: str, make: Callable[..., M]) -> M:
        definition = METRICS[name]
        if definition.kind != kind:
            raise KeyError(f"{name} is a {definition.kind}")
        if name not in self._made:
            self._made[name] = make(name, definition.help, definition.labels, registry=self.registry)
        return self._made[name]  # type: ignore[return-value]

    def serve(self, host: str, port: int, own: OwnCertificate | None = None) -> None:
        """Answer `GET /metrics` from a thread, over HTTPS where there is a certificate.

        OSError names the address that somebody else has.
        """
        certificate, key = (str(own.certificate), str(own.key)) if own else (None, None)
        try:
            start_http_server(port, addr=host, registry=self.registry, certfile=certificate, keyfile=key)
        except OSError as error:
            error.filename = error.filename or f"{host}:{port}"
            raise
