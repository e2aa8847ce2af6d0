"""The six dashboards. Their SQL reads the views of docs/grafana.md and nothing else."""

# ruff: noqa: S608 -- Grafana fills in its variables

from __future__ import annotations

from typing import Final

from deploy.grafana.board import Board
from deploy.grafana.panels import Panel

_CITY: Final = "city = ${city:sqlstring}"
_SECTION: Final = "section IN (${section:sqlstring})"
_KPI: Final = f"{_CITY} AND kpi = ${{kpi:sqlstring}}"
_NAME: Final = "name ->> ${lang:sqlstring} AS name"
_STEP: Final = "resolution = CASE WHEN $__interval_ms >= 3600000 THEN 'hour' ELSE 'minute' END"
_HOURS: Final = "resolution = CASE WHEN $__interval_ms >= 86400000 THEN 'day' ELSE 'hour' END"
_KPI_COLUMNS: Final = {
    name: f"col_{name}"
    for name in (
        *("kpi", "name", "value", "unit", "target", "attainment", "points", "max_points", "freshness", "newest"),
        *("period", "revision", "coverage"),
    )
}
_SHARES: Final = {"attainment": "percentunit", "coverage": "percentunit"}


def _quantile(metric: str, by: str = "", share: float = 0.99) -> str:
    labels = ", ".join(("le", by)) if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[$__rate_interval])))"


def _live(what: str) -> str:
    return f"SELECT {what} FROM v_cityscore_live WHERE {_CITY}"


def _of_kpi(what: str) -> str:
    return f"SELECT {what} FROM v_kpi_live WHERE {_KPI}"


OVERVIEW: Final = Board(
    "overview",
    variables=("city", "section"),
    rows=(
        (
            Panel("index", "gauge", 5, 6, sql=_live("index"), limits=(0, 100), good_from=60),
            Panel("total", "stat", 3, 6, sql=_live("total")),
            Panel("rating", "stat", 4, 6, sql=_live("rating")),
            Panel("coverage", "stat", 4, 6, sql=_live("coverage"), unit="percentunit"),
            Panel(
                "age", "stat", 4, 6, sql=_live("extract(epoch FROM now() - computed_at) AS age"), unit="s", bad_from=600
            ),
            Panel(
                "undelivered",
                "stat",
                4,
                6,
                sql=f"""
                SELECT count(*) AS count FROM v_deliveries WHERE {_CITY} AND kind = 'kpis' AND received_at IS NULL
                """,
            ),
        ),
        (
            Panel(
                "index_time",
                "timeseries",
                14,
                sql=f"""
                    SELECT computed_at AS time, index, lower, upper FROM v_cityscore
                    WHERE {_CITY} AND {_STEP} AND $__timeFilter(computed_at) ORDER BY 1
                """,
                columns={"index": "col_index", "lower": "col_lower", "upper": "col_upper"},
                limits=(0, 100),
            ),
            Panel(
                "sections",
                "bargauge",
                10,
                sql=f"SELECT {_NAME}, score FROM v_section_live WHERE {_CITY} AND {_SECTION} ORDER BY weight DESC",
                columns={"score": "col_score"},
                unit="percentunit",
                limits=(0, 1),
            ),
        ),
        (
            Panel(
                "weakest",
                "table",
                18,
                10,
                sql=f"""
                    SELECT kpi, {_NAME}, value, unit, target, attainment, points, max_points, freshness
                    FROM v_kpi_live WHERE {_CITY} AND {_SECTION} AND max_points > 0
                    ORDER BY max_points - points DESC, place LIMIT 20
                """,
                columns=_KPI_COLUMNS,
                units=_SHARES,
                states=True,
            ),
            Panel(
                "freshness",
                "piechart",
                6,
                10,
                sql=f"""
                    SELECT freshness, count(*) AS count FROM v_kpi_live WHERE {_CITY} AND {_SECTION}
                    GROUP BY 1 ORDER BY 2 DESC
                """,
                states=True,
            ),
        ),
    ),
)

KPIS: Final = Board(
    "kpis",
    variables=("city", "section", "kpi"),
    since="now-7d",
    rows=(
        (
            Panel("kpi_value", "stat", 5, 5, sql=_of_kpi("value, unit")),
            Panel("kpi_target", "stat", 5, 5, sql=_of_kpi("coalesce(target, target_low) AS target, target_op")),
            Panel("kpi_attainment", "gauge", 5, 5, sql=_of_kpi("attainment"), unit="percentunit", limits=(0, 1)),
            Panel("kpi_points", "stat", 5, 5, sql=_of_kpi("points, max_points")),
            Panel("freshness", "stat", 4, 5, sql=_of_kpi("freshness, newest"), states=True),
        ),
        (
            Panel(
                "kpi_series",
                "timeseries",
                16,
                sql=f"""
                    SELECT bucket AS time, value FROM v_kpi_series
                    WHERE {_KPI} AND {_HOURS} AND $__timeFilter(bucket) ORDER BY 1
                """,
                columns={"value": "col_value"},
            ),
            Panel(
                "kpi_cases",
                "timeseries",
                8,
                sql=f"""
                    SELECT $__timeGroupAlias(bucket, '1d'), sum(count)::bigint AS count FROM v_kpi_series
                    WHERE {_KPI} AND resolution = 'hour' AND $__timeFilter(bucket) GROUP BY 1 ORDER BY 1
                """,
                columns={"count": "col_events"},
            ),
        ),
        (
            Panel(
                "kpi_history",
                "table",
                10,
                10,
                sql=f"""
                    SELECT name AS period, revision, value, target, attainment, coverage, freshness
                    FROM v_kpi_history WHERE {_KPI} AND newest_revision ORDER BY "end" DESC LIMIT 60
                """,
                columns=_KPI_COLUMNS,
                units=_SHARES,
                states=True,
            ),
            Panel(
                "kpi_all",
                "table",
                14,
                10,
                sql=f"""
                    SELECT kpi, {_NAME}, value, unit, target, attainment, freshness, newest FROM v_kpi_live
                    WHERE {_CITY} AND {_SECTION} ORDER BY place
                """,
                columns=_KPI_COLUMNS,
                units=_SHARES,
                states=True,
            ),
        ),
    ),
)

LATENCY: Final = Board(
    "latency",
    since="now-7d",
    rows=(
        (
            Panel(
                "delay",
                "timeseries",
                12,
                sql=f"""
                    SELECT bucket AS time, p50_s, p95_s, p99_s FROM v_latency
                    WHERE {_CITY} AND kpi = '1.1' AND {_HOURS} AND $__timeFilter(bucket) ORDER BY 1
                """,
                columns={"p50_s": "col_p50", "p95_s": "col_p95", "p99_s": "col_p99"},
                unit="s",
            ),
            Panel(
                "response_p95",
                "timeseries",
                12,
                sql=f"""
                    SELECT l.bucket AS time, l.kpi || ' ' || (k.name ->> ${{lang:sqlstring}}) AS metric, l.p95_s
                    FROM v_latency AS l JOIN v_kpi AS k ON k.kpi = l.kpi
                    WHERE l.{_CITY} AND l.kpi <> '1.1' AND l.{_HOURS} AND $__timeFilter(l.bucket) ORDER BY 1, 2
                """,
                unit="s",
            ),
        ),
        (
            Panel(
                "response_table",
                "table",
                24,
                9,
                sql=f"""
                    SELECT kpi, {_NAME}, value, unit, target, attainment, freshness FROM v_kpi_live
                    WHERE {_CITY} AND unit IN ('s', 'min', 'h') ORDER BY attainment NULLS LAST, place
                """,
                columns=_KPI_COLUMNS,
                units=_SHARES,
                states=True,
            ),
        ),
        (
            Panel(
                "commit_latency",
                "timeseries",
                8,
                promql=tuple(
                    (_quantile("ahual_scorer_event_latency_seconds", share=share), f"p{round(100 * share)}")
                    for share in (0.5, 0.95, 0.99)
                ),
                unit="s",
            ),
            Panel(
                "confirm_latency",
                "timeseries",
                8,
                promql=tuple(
                    (_quantile("ahual_ingest_confirm_seconds", share=share), f"p{round(100 * share)}")
                    for share in (0.5, 0.95, 0.99)
                ),
                unit="s",
            ),
            Panel(
                "api_latency",
                "timeseries",
                8,
                promql=((_quantile("ahual_api_request_seconds", "route"), "{{route}}"),),
                unit="s",
            ),
        ),
    ),
)

LEDGER: Final = Board(
    "ledger",
    rows=(
        (
            Panel(
                "difference", "stat", 4, 5, sql="SELECT sum(abs(difference))::bigint AS count FROM v_ledger", bad_from=1
            ),
            Panel("skipped", "stat", 4, 5, sql="SELECT sum(skipped)::bigint AS count FROM v_ledger", bad_from=1),
            Panel("lag", "stat", 4, 5, promql=(("sum(ahual_scorer_lag_records)", ""),), bad_from=100_000),
            Panel(
                "floors",
                "table",
                6,
                5,
                sql="SELECT event_class, floor_age_s FROM v_ledger_floor ORDER BY 1",
                columns={"event_class": "col_class", "floor_age_s": "col_age"},
                units={"floor_age_s": "s"},
            ),
            Panel(
                "overdue",
                "stat",
                6,
                5,
                sql=f"SELECT count(*) AS count FROM v_export_overdue WHERE {_CITY}",
                bad_from=1,
            ),
        ),
        (
            Panel(
                "events_in",
                "timeseries",
                12,
                promql=(("sum by (way) (rate(ahual_ingest_events_total[$__rate_interval]))", "{{way}}"),),
                unit="eps",
            ),
            Panel(
                "events_scored",
                "timeseries",
                12,
                promql=(("sum by (outcome) (rate(ahual_scorer_events_total[$__rate_interval]))", "{{outcome}}"),),
                unit="eps",
            ),
        ),
        (
            Panel(
                "events_system",
                "timeseries",
                14,
                sql=f"""
                    SELECT bucket AS time, system AS metric, events FROM v_activity
                    WHERE {_CITY} AND $__timeFilter(bucket) ORDER BY 1, 2
                """,
            ),
            Panel(
                "letters",
                "table",
                10,
                sql=f"""
                    SELECT system, reason AS name, count(*) AS count FROM v_dead_letters
                    WHERE {_CITY} AND $__timeFilter(rejected_at) GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 50
                """,
                columns={"system": "col_system", "name": "col_name", "count": "col_count"},
            ),
        ),
        (
            Panel(
                "partitions",
                "table",
                24,
                9,
                sql="""
                    SELECT topic, partition, passed, stored, duplicate, rejected, skipped, difference
                    FROM v_ledger ORDER BY topic, partition
                """,
                columns={
                    name: f"col_{name}"
                    for name in (
                        *("topic", "partition", "passed", "stored", "duplicate", "rejected", "skipped", "difference"),
                    )
                },
            ),
        ),
    ),
)

DEVICES: Final = Board(
    "devices",
    rows=(
        (
            Panel(
                "source_states",
                "piechart",
                8,
                sql=f"SELECT state, count(*) AS count FROM v_sources WHERE {_CITY} GROUP BY 1 ORDER BY 2 DESC",
                states=True,
            ),
            Panel(
                "source_systems",
                "table",
                10,
                sql=f"""
                    SELECT system, count(*) AS count, count(*) FILTER (WHERE state <> 'live') AS state,
                      sum(missing)::bigint AS missing
                    FROM v_sources WHERE {_CITY} GROUP BY 1 ORDER BY 3 DESC, 1
                """,
                columns={
                    "system": "col_system",
                    "count": "col_count",
                    "state": "source_bad",
                    "missing": "source_missing",
                },
            ),
            Panel(
                "source_missing",
                "stat",
                6,
                sql=f"SELECT coalesce(sum(missing), 0)::bigint AS count FROM v_sources WHERE {_CITY}",
            ),
        ),
        (
            Panel(
                "source_bad",
                "table",
                24,
                9,
                sql=f"""
                    SELECT system, device, state, newest_time AS newest, events, missing, drift_s AS drift
                    FROM v_sources WHERE {_CITY} ORDER BY state = 'live', missing DESC, newest_time LIMIT 100
                """,
                columns={
                    **{name: f"col_{name}" for name in ("system", "device", "state", "newest", "events", "missing")},
                    "drift": "col_drift",
                },
                units={"drift": "s"},
                states=True,
            ),
        ),
        (
            Panel(
                "source_silent",
                "timeseries",
                8,
                promql=(('sum by (system) (max by (city, system) (ahual_sources{city="$city", state="silent"}))', ""),),
            ),
            Panel(
                "activity",
                "table",
                8,
                sql=f"""
                    SELECT system, max(newest) AS newest, sum(events)::bigint AS events FROM v_activity
                    WHERE {_CITY} AND bucket > now() - interval '30 days' GROUP BY 1 ORDER BY 2
                """,
                columns={"system": "col_system", "newest": "col_newest", "events": "col_events"},
            ),
            Panel(
                "registered",
                "table",
                8,
                sql=f"""
                    SELECT system, district, count(*) AS count FROM v_devices
                    WHERE {_CITY} AND removed_on IS NULL GROUP BY 1, 2 ORDER BY 1, 2
                """,
                columns={"system": "col_system", "district": "col_district", "count": "col_count"},
            ),
        ),
    ),
)

HEALTH: Final = Board(
    "health",
    variables=("city",),
    since="now-6h",
    rows=(
        (
            Panel("up", "stat", 6, 6, promql=(('up{job=~"ahual-.*"}', "{{job}}"),), good_from=1),
            Panel("slo", "stat", 12, 6, promql=(("ahual:slo_budget_left:ratio30d", "{{slo}}"),), unit="percentunit"),
            Panel(
                "age",
                "stat",
                6,
                6,
                sql=_live("extract(epoch FROM now() - computed_at) AS age"),
                unit="s",
                bad_from=600,
            ),
        ),
        (
            Panel(
                "availability",
                "timeseries",
                12,
                promql=(('1 - ahual:slo_errors:ratio_rate5m{slo="availability"}', "{{slo}}"),),
                unit="percentunit",
                limits=(0, 1),
            ),
            Panel(
                "requests",
                "timeseries",
                12,
                promql=(("sum by (status) (rate(ahual_api_requests_total[$__rate_interval]))", "{{status}}"),),
                unit="reqps",
            ),
        ),
        (
            Panel(
                "tick",
                "timeseries",
                8,
                promql=((_quantile("ahual_scorer_tick_seconds"), "p99"),),
                unit="s",
            ),
            Panel("batch", "timeseries", 8, promql=((_quantile("ahual_scorer_batch_seconds"), "p99"),), unit="s"),
            Panel("lag", "timeseries", 8, promql=(("sum by (partition) (ahual_scorer_lag_records)", "{{partition}}"),)),
        ),
        (
            Panel("streams", "timeseries", 8, promql=(("sum by (kind) (ahual_api_streams)", "{{kind}}"),)),
            Panel(
                "disks",
                "bargauge",
                8,
                promql=(("min by (folder) (ahual_disk_free_ratio)", "{{folder}}"),),
                unit="percentunit",
                limits=(0, 1),
                good_from=0.1,
            ),
            Panel(
                "commit_latency",
                "timeseries",
                8,
                promql=((_quantile("ahual_scorer_event_latency_seconds", share=0.95), "p95"),),
                unit="s",
            ),
        ),
    ),
)

BOARDS: Final = (OVERVIEW, KPIS, LATENCY, LEDGER, DEVICES, HEALTH)
