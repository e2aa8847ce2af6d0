"""Stable views for Grafana and analysts (docs/grafana.md), and which role reads which city through them.

Views run with their owner's rights, so what a role sees is decided here: `city_reader` says which cities are whose, and
security barriers keep a clever condition from seeing the others' rows. Their columns are a contract: they may be added
to, not changed.
"""

# ruff: noqa: S608 -- our own names

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LIMITS = (
    *("silent_after_intervals", "silent_at_least_s", "assumed_interval_s"),
    *("ahead_s", "behind_s", "frozen_after_s", "frozen_at_least"),
)
_ALL_CITIES = "EXISTS (SELECT FROM city_reader AS r WHERE r.role = current_user::text AND r.city = '*')"
_CATALOGUE = """
    SELECT hash, content FROM catalogue_version WHERE hash = (
      SELECT snapshot #>> '{catalogue,hash}' FROM cityscore_current ORDER BY computed_at DESC LIMIT 1)
"""
_STEPS = {"minute": "1 minute", "hour": "1 hour", "day": "1 day"}


def _series(tier: str, step: str) -> str:
    """A cohort's cases count once their bucket is past, as the API's series has it."""
    return f"""
        SELECT p.city, p.kpi, '{tier}'::text AS resolution, p.bucket, k.unit,
          CASE
            WHEN k.kind IN ('count', 'sum') THEN p.numerator / k.scale
            WHEN p.denominator = 0 THEN NULL
            WHEN k.kind = 'share' AND k.complement THEN 100 - 100 * p.numerator / p.denominator::float / k.scale
            WHEN k.kind = 'share' THEN 100 * p.numerator / p.denominator::float / k.scale
            WHEN k.complement THEN 100 - p.numerator / p.denominator::float / k.scale
            ELSE p.numerator / p.denominator::float / k.scale
          END AS value,
          p.numerator, p.denominator, p.count
        FROM (
          SELECT city, kpi, bucket, sum(numerator)::bigint AS numerator, sum(denominator)::bigint AS denominator,
            sum(count)::bigint AS count
          FROM part_{tier} GROUP BY city, kpi, bucket
        ) AS p
        JOIN v_city AS c ON c.city = p.city
        JOIN v_kpi AS k ON k.kpi = p.kpi AND k.summable
        WHERE NOT k.cohort OR p.bucket <= now() - INTERVAL '{step}'
    """


def _latency(tier: str) -> str:
    """Nearest-rank percentiles of the bins; a bin's middle as services/scorer/histogram.py has it."""
    percentiles = ", ".join(
        f"min(middle) FILTER (WHERE rank >= ceil(total * {share})) / scale * seconds AS p{round(100 * share)}_s"
        for share in (0.5, 0.95, 0.99)
    )
    return f"""
        SELECT city, kpi, '{tier}'::text AS resolution, bucket, {percentiles}, max(total)::bigint AS count
        FROM (
          SELECT b.city, b.kpi, b.bucket, k.scale, k.seconds,
            CASE WHEN b.bin < 64 THEN b.bin::float
              ELSE ((b.bin & 31) + 32.5) * 2.0 ^ ((b.bin >> 5) - 1) - 0.5 END AS middle,
            sum(b.count) OVER (PARTITION BY b.city, b.kpi, b.bucket ORDER BY b.bin) AS rank,
            sum(b.count) OVER (PARTITION BY b.city, b.kpi, b.bucket) AS total
          FROM (
            SELECT city, kpi, bucket, bin, sum(count) AS count FROM bin_{tier} GROUP BY city, kpi, bucket, bin
          ) AS b
          JOIN v_city AS c ON c.city = b.city
          JOIN v_kpi AS k ON k.kpi = b.kpi AND k.seconds IS NOT NULL
        ) AS ranked
        WHERE total > 0
        GROUP BY city, kpi, bucket, scale, seconds
    """


def _scores(table: str, tier: str) -> str:
    return f"""
        SELECT s.city, '{tier}'::text AS resolution, s.computed_at, s.index, s.lower, s.upper, s.coverage, s.total,
          s.rating, s.catalogue_hash
        FROM {table} AS s JOIN v_city AS c ON c.city = s.city
    """


VIEWS = {
    "v_city": """
        SELECT code AS city, name, category, timezone FROM city
        WHERE EXISTS (
          SELECT FROM city_reader AS r WHERE r.role = current_user::text AND r.city IN ('*', city.code))
    """,
    "v_section": f"""
        SELECT v.hash AS catalogue_hash, s.key AS section, s.value -> 'name' AS name,
          (s.value ->> 'weight')::float AS weight
        FROM ({_CATALOGUE}) AS v, jsonb_each(v.content #> '{{methodology,sections}}') AS s
    """,
    "v_kpi": f"""
        SELECT v.hash AS catalogue_hash, k ->> 'code' AS kpi, (i ->> 'number')::int AS initiative,
          i ->> 'section' AS section, k -> 'name' AS name, k ->> 'unit' AS unit, k ->> 'period' AS period,
          (k ->> 'weight')::float AS weight, k -> 'targets' AS targets, k #>> '{{measure,kind}}' AS kind,
          (k #>> '{{measure,scale}}')::float AS scale, (k #>> '{{measure,cohort}}')::bool AS cohort,
          (k #>> '{{measure,complement}}')::bool AS complement,
          k #>> '{{measure,kind}}' IN ('count', 'sum', 'mean', 'ratio', 'share')
            AND k #> '{{measure,base}}' = '[]' AND k #> '{{measure,per}}' = '[]' AS summable,
          CASE k ->> 'unit' WHEN 's' THEN 1.0 WHEN 'min' THEN 60.0 WHEN 'h' THEN 3600.0 WHEN 'day' THEN 86400.0
            END::float AS seconds,
          (string_to_array(k ->> 'code', '.'))[1]::int * 1000 + (string_to_array(k ->> 'code', '.'))[2]::int AS place
        FROM ({_CATALOGUE}) AS v, jsonb_array_elements(v.content -> 'initiatives') AS i,
          jsonb_array_elements(i -> 'kpis') AS k
    """,
    "v_cityscore": " UNION ALL ".join(
        _scores(table, tier)
        for tier, table in {"minute": "cityscore", "hour": "cityscore_hour", "day": "cityscore_day"}.items()
    ),
    "v_cityscore_live": """
        SELECT s.city, c.name, c.category, s.computed_at, s.revision, (s.snapshot ->> 'index')::float AS index,
          (s.snapshot ->> 'lower')::float AS lower, (s.snapshot ->> 'upper')::float AS upper,
          (s.snapshot ->> 'coverage')::float AS coverage, (s.snapshot ->> 'total')::float AS total,
          s.snapshot ->> 'rating' AS rating, s.snapshot #>> '{catalogue,hash}' AS catalogue_hash
        FROM cityscore_current AS s JOIN v_city AS c ON c.city = s.city
    """,
    "v_section_live": """
        SELECT s.city, p.key AS section, n.name, s.computed_at, (p.value ->> 'score')::float AS score,
          (p.value ->> 'weight')::float AS weight, (p.value ->> 'points')::float AS points
        FROM cityscore_current AS s JOIN v_city AS c ON c.city = s.city
        CROSS JOIN LATERAL jsonb_each(s.snapshot -> 'sections') AS p
        LEFT JOIN v_section AS n ON n.section = p.key
    """,
    "v_kpi_live": """
        SELECT s.city, p.key AS kpi, k.place, k.name, p.value ->> 'section' AS section, k.initiative,
          p.value ->> 'unit' AS unit, p.value ->> 'period' AS period,
          CASE WHEN jsonb_typeof(p.value -> 'value') = 'number' THEN (p.value ->> 'value')::float END AS value,
          CASE WHEN jsonb_typeof(p.value -> 'value') = 'object' THEN p.value -> 'value' END AS parts,
          t.target ->> 'op' AS target_op,
          CASE WHEN jsonb_typeof(t.target -> 'value') = 'number' THEN (t.target ->> 'value')::float END AS target,
          (t.target ->> 'low')::float AS target_low, (t.target ->> 'high')::float AS target_high,
          (p.value ->> 'attainment')::float AS attainment, (p.value ->> 'weight')::float AS weight,
          (p.value ->> 'points')::float AS points, (p.value ->> 'max_points')::float AS max_points,
          p.value ->> 'freshness' AS freshness, (p.value ->> 'newest')::timestamptz AS newest,
          (p.value #>> '{window,begin}')::timestamptz AS window_begin,
          (p.value #>> '{window,end}')::timestamptz AS window_end,
          (p.value ->> 'numerator')::bigint AS numerator, (p.value ->> 'denominator')::bigint AS denominator,
          s.computed_at, s.revision, s.snapshot #>> '{catalogue,hash}' AS catalogue_hash
        FROM cityscore_current AS s JOIN v_city AS c ON c.city = s.city
        CROSS JOIN LATERAL jsonb_each(s.snapshot -> 'kpis') AS p
        LEFT JOIN v_kpi AS k ON k.kpi = p.key
        LEFT JOIN LATERAL (SELECT k.targets -> c.category AS target) AS t ON true
    """,
    "v_kpi_series": " UNION ALL ".join(_series(tier, step) for tier, step in _STEPS.items()),
    "v_kpi_history": """
        SELECT h.city, h.kpi, h.period, h.name, h."begin", h."end", h.revision, h.value, h.parts, h.numerator,
          h.denominator, h.attainment, h.target ->> 'op' AS target_op,
          CASE WHEN jsonb_typeof(h.target -> 'value') = 'number' THEN (h.target ->> 'value')::float END AS target,
          h.weight, h.freshness, h.coverage, h.newest, h.difference, h.computed_at, h.catalogue_hash,
          NOT EXISTS (
            SELECT FROM closed_period AS later
            WHERE (later.city, later.kpi, later.period, later."end") = (h.city, h.kpi, h.period, h."end")
              AND later.revision > h.revision
          ) AS newest_revision
        FROM closed_period AS h JOIN v_city AS c ON c.city = h.city
    """,
    "v_latency": " UNION ALL ".join(_latency(tier) for tier in _STEPS),
    "v_ledger": f"""
        SELECT cluster, topic, topic_id, partition, passed, stored, duplicate, rejected, skipped, difference, updated_at
        FROM v_reconciliation WHERE {_ALL_CITIES}
    """,
    "v_ledger_floor": f"""
        SELECT event_class, floor, dropped, extract(epoch FROM now() - floor)::float AS floor_age_s
        FROM ledger_floor WHERE {_ALL_CITIES}
    """,
    "v_activity": """
        SELECT a.city, a.system, a.bucket, sum(a.events)::bigint AS events, max(a.newest) AS newest
        FROM source_activity AS a JOIN v_city AS c ON c.city = a.city GROUP BY a.city, a.system, a.bucket
    """,
    "v_dead_letters": """
        SELECT d.rejected_at, d.city, d.system, d.device, d.reason, d.field, d.topic, d.size, d.replayed_at
        FROM dead_letter AS d JOIN v_city AS c ON c.city = d.city
    """,
    "v_sources": """
        SELECT s.city, s.system, s.device,
          CASE
            WHEN s.stored_at IS NULL OR e.silent_from < now() THEN 'silent'
            WHEN s.same_count >= l.frozen_at_least
              AND s.channel_newest_time - s.same_since >= make_interval(secs => l.frozen_after_s) THEN 'frozen'
            WHEN s.drift_s > l.ahead_s OR s.drift_s < -l.behind_s THEN 'drifting'
            ELSE 'live'
          END AS state,
          s.events, s.first_seen, s.newest_time, s.arrived_at, s.stored_at, e.interval_s, e.silent_from, s.drift_s,
          s.clockless, s.missing, s.restarts, s.channel, s.same_since, s.same_count
        FROM v_source AS s
        JOIN v_city AS c ON c.city = s.city
        LEFT JOIN source_limit AS own ON own.system = s.system
        LEFT JOIN source_limit AS l ON l.system = coalesce(own.system, '')
        CROSS JOIN LATERAL (
          SELECT i.interval_s, s.stored_at + make_interval(secs =>
            greatest(l.silent_at_least_s, l.silent_after_intervals * i.interval_s)) AS silent_from
          FROM (SELECT coalesce(s.declared_interval_s, s.learned_interval_s, l.assumed_interval_s) AS interval_s) AS i
        ) AS e
    """,
    "v_devices": """
        SELECT d.city, d.system, d.device, d.label, d.gateway, d.district, d.latitude, d.longitude, d.attached_kind,
          d.attached_to, d.installed_on, d.removed_on, d.changed_at
        FROM registered_device AS d JOIN v_city AS c ON c.city = d.city
    """,
    "v_deliveries": """
        SELECT d.city, d.period, d.name, d."end", d.revision, d.rows, d.generated_at, d.stored_at, d.receipt,
          d.received_at, coalesce(w.waiting, 0) AS ways_waiting, w.sent_at, w.failure
        FROM delivery AS d JOIN v_city AS c ON c.city = d.city
        LEFT JOIN LATERAL (
          SELECT count(*) FILTER (WHERE s.sent_at IS NULL) AS waiting, max(s.sent_at) AS sent_at,
            max(s.failure) FILTER (WHERE s.sent_at IS NULL) AS failure
          FROM delivery_sent AS s
          WHERE (s.city, s.period, s."end", s.revision) = (d.city, d.period, d."end", d.revision)
        ) AS w ON true
    """,
    # Six hours: the exports' own delay of one, and time to notice. Where nothing was ever exported, nothing is overdue.
    "v_export_overdue": """
        SELECT h.city, h.period, h.name, h."end", min(h.computed_at) AS closed_at
        FROM closed_period AS h JOIN v_city AS c ON c.city = h.city
        WHERE h.computed_at BETWEEN now() - INTERVAL '8 days' AND now() - INTERVAL '6 hours'
          AND h."end" < now() - INTERVAL '6 hours'
          AND EXISTS (SELECT FROM delivery_progress AS p WHERE p.city = h.city)
          AND NOT EXISTS (
            SELECT FROM delivery AS d WHERE (d.city, d.period, d."end") = (h.city, h.period, h."end"))
        GROUP BY h.city, h.period, h.name, h."end"
    """,
}


def upgrade() -> None:
    op.create_table(
        "city_reader",
        sa.Column("role", sa.Text(), nullable=False, comment="of the database; reads the views of docs/grafana.md"),
        sa.Column("city", sa.Text(), nullable=False, comment="code; *: every city"),
        sa.PrimaryKeyConstraint("role", "city"),
    )
    op.create_table(
        "source_limit",
        sa.Column("system", sa.Text(), nullable=False, comment="empty: every system without a row of its own"),
        *(sa.Column(name, sa.Float(), nullable=False) for name in LIMITS),
        sa.PrimaryKeyConstraint("system"),
        comment="schemas/sources.yaml, written by `ahual migrate`",
    )
    op.execute("""
        INSERT INTO city_reader VALUES
          ('ahual_reader', '*'), ('ahual_api', '*'), ('ahual_notify', '*'), (current_user, '*') ON CONFLICT DO NOTHING
    """)
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} WITH (security_barrier) AS {query}")
    op.execute(f"""
        DO $$ BEGIN
          IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'ahual_reader') THEN
            GRANT SELECT ON {", ".join(VIEWS)} TO ahual_reader;
          END IF;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
