"""Names and labels keep Prometheus' conventions."""

from __future__ import annotations

import pytest

from services.runtime.metrics import METRICS, MetricDef, Metrics

PERSONAL = {"device", "source", "id", "subject", "client", "person", "user", "key"}
"""Labels that would grow without end, or say who somebody is."""


@pytest.mark.parametrize(("name", "metric"), METRICS.items())
def test_a_metric_keeps_the_conventions(name: str, metric: MetricDef) -> None:
    assert name.startswith("ahual_")
    assert (metric.kind == "counter") == name.endswith("_total")
    assert (metric.kind == "histogram") == bool(metric.buckets)
    assert metric.kind != "histogram" or name.endswith("_seconds")
    assert not PERSONAL & set(metric.labels)
    assert metric.help
    assert not name.endswith(("_ms", "_milliseconds", "_percent", "_minutes"))


def test_a_name_outside_the_list_is_refused() -> None:
    with pytest.raises(KeyError):
        Metrics().gauge("ahual_nothing")
    with pytest.raises(KeyError, match="is a counter"):
        Metrics().gauge("ahual_ingest_events_total")
