"""Every table, in one place. `deploy/migrations` creates them; nobody else issues DDL."""

from __future__ import annotations

from typing import Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, INT8MULTIRANGE, JSONB

from schemas.events.envelope import EventClass

metadata: Final = sa.MetaData()
REVISION: Final = "0017"
"""The newest migration, which these tables are the result of."""
Tier = Literal["minute", "hour", "day"]

city: Final = sa.Table(
    "city",
    metadata,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("name", JSONB, nullable=False, comment="{kk, ru, en}"),
    sa.Column("category", sa.Text, nullable=False, comment="republican | regional | district"),
    sa.Column("timezone", sa.Text, nullable=False, comment="IANA name; days, weeks and months are the city's own"),
    sa.Column("additional_initiatives", sa.Integer, nullable=False, server_default="0"),
    sa.CheckConstraint("category in ('republican', 'regional', 'district')", name="city_category"),
)

api_key: Final = sa.Table(
    "api_key",
    metadata,
    sa.Column("id", sa.Text, primary_key=True, comment="public first half of the key"),
    sa.Column("sha256", BYTEA, nullable=False),
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), nullable=False),
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("department", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
    sa.Column("expires_at", sa.DateTime(timezone=True), comment="set when another took its place: the overlap's end"),
    sa.Column("last_used_at", sa.DateTime(timezone=True), comment="to the minute"),
)

device: Final = sa.Table(
    "device",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("password_hash", sa.Text, comment="as Mosquitto's password file has it; null: none"),
    sa.Column("certificate", sa.Boolean, nullable=False, comment="may show a certificate of its name instead"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("revoked_at", sa.DateTime(timezone=True)),
)

access_change: Final = sa.Table(
    "access_change",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("actor", sa.Text, nullable=False, comment="account of the operating system, and of the database"),
    sa.Column("action", sa.Text, nullable=False, comment="add | rotate | revoke"),
    sa.Column("subject", sa.Text, nullable=False, comment="device city/system/device, or key id"),
)

user_account: Final = sa.Table(
    "user_account",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("password_hash", sa.Text, comment="argon2id; null: signs in at the provider only"),
    sa.Column("subject", sa.Text, unique=True, comment="issuer and sub at the provider, since the first sign-in"),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("disabled_at", sa.DateTime(timezone=True)),
)

user_role: Final = sa.Table(
    "user_role",
    metadata,
    sa.Column("name", sa.Text, sa.ForeignKey("user_account.name"), primary_key=True),
    sa.Column("city", sa.Text, primary_key=True, comment="* is every city"),
    sa.Column("role", sa.Text, primary_key=True, comment="schemas/users.py"),
)

user_session: Final = sa.Table(
    "user_session",
    metadata,
    sa.Column("sha256", BYTEA, primary_key=True, comment="of the cookie"),
    sa.Column("name", sa.Text, sa.ForeignKey("user_account.name"), nullable=False),
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
)

audit_entry: Final = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="an account, or which token"),
    sa.Column("action", sa.Text, nullable=False, comment="signed_in | sign_in_refused | signed_out | read | did"),
    sa.Column("city", sa.Text),
    sa.Column("subject", sa.Text, nullable=False, comment="method and path, or why it was refused"),
    sa.Column("address", sa.Text, comment="of the connection"),
    sa.Index("audit_entry_city", "city", "id"),
)

consumer_offset: Final = sa.Table(
    "consumer_offset",
    metadata,
    sa.Column("cluster", sa.Text, primary_key=True),
    sa.Column("topic_id", sa.Text, primary_key=True, comment="a recreated topic is another one"),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, primary_key=True),
    sa.Column("first_offset", sa.BigInteger, nullable=False),
    sa.Column("next_offset", sa.BigInteger, nullable=False),
    sa.Column("stored", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("duplicate", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("rejected", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("skipped", sa.BigInteger, nullable=False, server_default="0", comment="gone from Kafka unread: loss"),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.Column("measures", sa.Text, nullable=False, server_default="", comment="hash of the measures its parts follow"),
)

ledger_batch_id: Final = sa.Sequence("ledger_batch_id", metadata=metadata, data_type=sa.BigInteger)


def _ledger(event_class: EventClass) -> sa.Table:
    name = f"ledger_{event_class}"
    return sa.Table(
        name,
        metadata,
        sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="when it happened"),
        sa.Column("id_hash", sa.BigInteger, nullable=False, comment="64 bits over source and id"),
        sa.Column("content_hash", sa.BigInteger, nullable=False, comment="64 bits over the canonical bytes"),
        sa.Column("batch", sa.BigInteger, nullable=False, comment="ledger_batch_….id"),
        sa.Column("position", sa.Integer, nullable=False, comment="line of the batch's bodies, from 0"),
        sa.Index(f"{name}_identity", "id_hash", "time", unique=True),
    )


def _ledger_batch(event_class: EventClass) -> sa.Table:
    name = f"ledger_batch_{event_class}"
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.BigInteger, nullable=False),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("topic_id", sa.Text, nullable=False),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("first_offset", sa.BigInteger, nullable=False),
        sa.Column("last_offset", sa.BigInteger, nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="KPI 1.1's end of the latency"),
        sa.Column("first_time", sa.DateTime(timezone=True), nullable=False, comment="oldest event"),
        sa.Column("last_time", sa.DateTime(timezone=True), nullable=False, comment="newest event"),
        sa.Column("count", sa.Integer, nullable=False, comment="events"),
        sa.Column("bodies", BYTEA, nullable=False, comment="services/scorer/bodies.py"),
        sa.Index(f"{name}_id", "id", "last_time", unique=True),
        sa.Index(f"{name}_partition", "partition", "last_time"),
    )


_CLASSES: Final[tuple[EventClass, ...]] = get_args(EventClass)
ledgers: Final[dict[EventClass, sa.Table]] = {c: _ledger(c) for c in _CLASSES}
ledger_batches: Final[dict[EventClass, sa.Table]] = {c: _ledger_batch(c) for c in _CLASSES}

ledger_floor: Final = sa.Table(
    "ledger_floor",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("floor", sa.DateTime(timezone=True), nullable=False, comment="older events are rejected as too_old"),
    sa.Column("first", sa.DateTime(timezone=True), nullable=False, comment="the first floor ever: nothing older was"),
    sa.Column("dropped", sa.DateTime(timezone=True), nullable=False, comment="older events may be in the archive only"),
)

archive_day: Final = sa.Table(
    "archive_day",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True, comment="UTC, of the events' time"),
    sa.Column("through", sa.BigInteger, nullable=False, comment="newest ledger batch that is in the archive"),
    sa.Column("pending", sa.Boolean, nullable=False, comment="an import has added events since"),
    sa.Column("archived_at", sa.DateTime(timezone=True)),
)
"""Which days' events are in the archive; a day without events has a row too."""

archive_file: Final = sa.Table(
    "archive_file",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("day", sa.Date, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, comment="from 1; an import adds a further one"),
    sa.Column("name", sa.Text, nullable=False, comment="in the day's folder"),
    sa.Column("rows", sa.BigInteger, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
)
"""What the archive consists of; the manifests beside the files say the same."""

correction: Final = sa.Table(
    "correction",
    metadata,
    sa.Column("event_class", sa.Text, primary_key=True),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True, comment="with id_hash the superseded event's key"),
    sa.Column("id_hash", sa.BigInteger, primary_key=True),
    sa.Column("by_time", sa.DateTime(timezone=True), nullable=False, comment="with by_id_hash the superseding event's"),
    sa.Column("by_id_hash", sa.BigInteger, nullable=False),
    sa.Column("partition", sa.SmallInteger, nullable=False, comment="of the superseding event"),
)
"""Which event is superseded by which; the superseded one may not have come yet."""

measure_set: Final = sa.Table(
    "measure_set",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True, comment="of all measures of a catalogue"),
    sa.Column("number", sa.BigInteger, sa.Identity(), nullable=False, comment="newer sets have greater ones"),
    sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False),
)

measured_under: Final = sa.Table(
    "measured_under",
    metadata,
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="kpi | city | set"),
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False, comment="services/scorer/versions.py"),
)
"""What a partition's parts were added under: each KPI under one measure, each city under one category and zone."""

rebuild: Final = sa.Table(
    "rebuild",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("by", sa.Text, nullable=False, comment="who started it"),
    sa.Column("reason", sa.Text, nullable=False, comment="rebuild | measures changed"),
    sa.Column("partition", sa.SmallInteger, nullable=False),
    sa.Column("table", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("kpi", sa.Text, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False, comment="that differed"),
    sa.Column("first", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
    sa.Column("last", sa.DateTime(timezone=True), nullable=False, comment="bucket"),
    sa.Column("added", JSONB, nullable=False, comment="sum per column"),
)
"""What rebuilds changed."""

rebuild_horizon: Final = sa.Table(
    "rebuild_horizon",
    metadata,
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="earlier ones have events no longer kept"),
    sa.Column("lost", sa.DateTime(timezone=True), comment="earlier ones have events that are not archived either"),
)


def _part(tier: Tier) -> sa.Table:
    name = f"part_{tier}"
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("component", sa.Text, nullable=False, server_default=""),
        sa.Column("district", sa.Text, nullable=False, server_default=""),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger, nullable=False, comment="so that two scorers never meet on a row"),
        sa.Column("numerator", sa.BigInteger, nullable=False),
        sa.Column("denominator", sa.BigInteger, nullable=False),
        sa.Column("count", sa.BigInteger, nullable=False, comment="events that entered"),
        sa.Index(f"{name}_key", "city", "kpi", "bucket", "component", "district", "partition", unique=True),
    )


parts: Final[dict[Tier, sa.Table]] = {tier: _part(tier) for tier in ("minute", "hour", "day")}


def _bin(tier: Tier) -> sa.Table:
    name = f"bin_{tier}"
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("kpi", sa.Text, nullable=False),
        sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="its begin; a day is city-local"),
        sa.Column("partition", sa.SmallInteger, nullable=False),
        sa.Column("bin", sa.SmallInteger, nullable=False, comment="services/scorer/histogram.py"),
        sa.Column("count", sa.BigInteger, nullable=False, comment="durations that fell into the bin"),
        sa.Index(f"{name}_key", "city", "kpi", "bucket", "bin", "partition", unique=True),
    )


bins: Final[dict[Tier, sa.Table]] = {tier: _bin(tier) for tier in ("minute", "hour", "day")}

entry: Final = sa.Table(
    "entry",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("component", sa.Text, primary_key=True),
    sa.Column("term", sa.SmallInteger, primary_key=True, comment="of the measure; −1, −2 … are its base's"),
    sa.Column("district", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True, comment="the event's; per term and source the newest holds"),
    sa.Column("at", sa.DateTime(timezone=True), primary_key=True, comment="from when the value holds"),
    sa.Column("time", sa.DateTime(timezone=True), primary_key=True, comment="with id_hash the event's key"),
    sa.Column("id_hash", sa.BigInteger, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False, comment="smallest unit"),
    sa.Column("count", sa.BigInteger, nullable=False, comment="summed over partitions 0 when it was taken back"),
    sa.Column("until", sa.DateTime(timezone=True), comment="when it ceases to hold, if the event says so"),
)

source_activity: Final = sa.Table(
    "source_activity",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("bucket", sa.DateTime(timezone=True), primary_key=True, comment="hour of event time"),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("newest", sa.DateTime(timezone=True), nullable=False, comment="newest event time in the hour"),
)

source_device: Final = sa.Table(
    "source_device",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True, comment="so that two scorers never meet on a row"),
    sa.Column("first_seen", sa.DateTime(timezone=True), nullable=False, comment="its first arrival in Kafka"),
    sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False, comment="newest event time"),
    sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=False, comment="newest arrival in Kafka"),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False, comment="when the newest was stored"),
    sa.Column("events", sa.BigInteger, nullable=False),
    sa.Column("clockless", sa.Boolean, nullable=False, comment="its newest event came without a time"),
    sa.Column("gaps", ARRAY(sa.BigInteger), nullable=False, comment="ms of silence, longest per minute"),
    sa.Column("drifts", ARRAY(sa.BigInteger), nullable=False, comment="ms its clock is ahead, per minute"),
    sa.Column("sequence_seen", INT8MULTIRANGE, nullable=False, comment="at most 64 ranges"),
    sa.Column("sequence_floor", sa.BigInteger, comment="gaps below it are settled in sequence_lost"),
    sa.Column("sequence_lost", sa.BigInteger, nullable=False),
    sa.Column("sequence_restarts", sa.BigInteger, nullable=False),
    sa.Column("learned_ms", sa.BigInteger, comment="expected interval, from gaps"),
    sa.Column("drift_ms", sa.BigInteger, comment="how far its clock is ahead, from drifts"),
    sa.Column("missing", sa.BigInteger, nullable=False, comment="sequence_lost and the gaps in sequence_seen"),
    postgresql_with={"fillfactor": 70},
)

source_channel: Final = sa.Table(
    "source_channel",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("newest_time", sa.DateTime(timezone=True), nullable=False),
    sa.Column("value_hash", sa.BigInteger, nullable=False, comment="of what was measured, without times"),
    sa.Column("same_since", sa.DateTime(timezone=True), nullable=False, comment="first event with this value"),
    sa.Column("same_count", sa.BigInteger, nullable=False, comment="events in a row with this value"),
    postgresql_with={"fillfactor": 70},
)

source_registry: Final = sa.Table(
    "source_registry",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True, server_default="", comment="empty: every device of the system"),
    sa.Column("interval_s", sa.Float, nullable=False, comment="how often it is expected to report"),
    sa.CheckConstraint("interval_s > 0", name="source_registry_interval"),
)

source_limit: Final = sa.Table(
    "source_limit",
    metadata,
    sa.Column("system", sa.Text, primary_key=True, comment="empty: every system without a row of its own"),
    *(
        sa.Column(name, sa.Float, nullable=False)
        for name in (
            *("silent_after_intervals", "silent_at_least_s", "assumed_interval_s"),
            *("ahead_s", "behind_s", "frozen_after_s", "frozen_at_least"),
        )
    ),
    comment="schemas/sources.yaml, written by `ahual migrate`",
)
"""The limits of `schemas/sources.py` where views can judge by them."""

city_reader: Final = sa.Table(
    "city_reader",
    metadata,
    sa.Column("role", sa.Text, primary_key=True, comment="of the database; reads the views of docs/grafana.md"),
    sa.Column("city", sa.Text, primary_key=True, comment="code; *: every city"),
)
"""Who sees which city through the views; who has no row sees nothing."""

registered_device: Final = sa.Table(
    "registered_device",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column("gateway", sa.Text, comment="device of the same city and system that reports for it"),
    sa.Column("alias", sa.Text, nullable=False, server_default="", comment="what its channels' names begin with"),
    sa.Column("sparkplug", sa.Text, comment="group/edge node under which it speaks Sparkplug B"),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("district", sa.Text),
    sa.Column("channels", JSONB, nullable=False, server_default="{}", comment="as schemas/device.py describes"),
    sa.Column("attached_kind", sa.Text, comment="building | container_site | stop | …"),
    sa.Column("attached_to", sa.Text, comment="the object's id"),
    sa.Column("installed_on", sa.Date),
    sa.Column("removed_on", sa.Date, comment="from this day on it is no longer there"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_device_place"),
    sa.Index("registered_device_sparkplug", "sparkplug", unique=True),
    sa.Index("registered_device_changed_at", "changed_at"),
)

registered_object: Final = sa.Table(
    "registered_object",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="building | container_site | stop | …"),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, nullable=False, server_default=""),
    sa.Column("latitude", sa.Float),
    sa.Column("longitude", sa.Float),
    sa.Column("district", sa.Text),
    sa.Column("networks", ARRAY(sa.Text), nullable=False, server_default="{}", comment="electricity, water, heat, gas"),
    sa.Column("since", sa.Date),
    sa.Column("until", sa.Date, comment="from this day on it is no longer there"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="registered_object_place"),
)

complete_total: Final = sa.Table(
    "complete_total",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("total", sa.Text, primary_key=True, comment="of schemas/inventories.yaml: the registry reports it"),
    sa.Column("since", sa.Date, nullable=False, comment="from this day on the city vouches for the registry"),
)

reported_total: Final = sa.Table(
    "reported_total",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("total", sa.Text, primary_key=True),
    sa.Column("as_of", sa.Date, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

city_feature: Final = sa.Table(
    "city_feature",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, comment="district | road | water_edge | …"),
    sa.Column("object", sa.Text, primary_key=True),
    sa.Column("name", JSONB, nullable=False, comment="{kk, ru, en}"),
    sa.Column("geometry", JSONB, nullable=False, comment="GeoJSON, WGS 84"),
    sa.Column("district", sa.Text),
    sa.Column("critical", sa.Boolean, nullable=False, server_default=sa.false(), comment="KPI 1.5"),
    sa.Column("properties", JSONB, nullable=False, server_default="{}", comment="schemas/features.py"),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)
"""The city's geometry: what the map draws and a scheme connects."""

observation: Final = sa.Table(
    "observation",
    metadata,
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="of object: schemas/observed.yaml, or device"),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("bucket", sa.DateTime(timezone=True), nullable=False, comment="begin of its ten minutes"),
    sa.Column("partition", sa.SmallInteger, nullable=False, comment="so that two scorers never meet on a row"),
    sa.Column("time", sa.DateTime(timezone=True), nullable=False, comment="of the newest value"),
    sa.Column("value", sa.Float, nullable=False, comment="the newest"),
    sa.Column("count", sa.BigInteger, nullable=False, comment="values in these ten minutes"),
    sa.Index("observation_key", "city", "kind", "object", "channel", "bucket", "partition", unique=True),
)
"""What was observed of objects on the map; the past of the time slider."""

kpi_mark: Final = sa.Table(
    "kpi_mark",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every batch that changed the KPI"),
    sa.Column("day", sa.DateTime(timezone=True), comment="begin of the newest day that was running when it grew"),
    sa.Column("oldest", sa.DateTime(timezone=True), comment="bucket that the newest batch added to"),
    sa.Column("past", sa.BigInteger, nullable=False, server_default="0", comment="batches that added before `day`"),
)

dead_letter: Final = sa.Table(
    "dead_letter",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("origin", sa.Text, nullable=False, comment="topic/partition/offset of the record it came with"),
    sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("field", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("system", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("payload", BYTEA, nullable=False),
    sa.Column("truncated", sa.Boolean, nullable=False),
    sa.Column("replayed_at", sa.DateTime(timezone=True)),
    sa.Index("dead_letter_origin", "origin", unique=True),
    sa.Index("dead_letter_rejected_at", "rejected_at"),
)

cityscore_current: Final = sa.Table(
    "cityscore_current",
    metadata,
    sa.Column("city", sa.Text, sa.ForeignKey("city.code"), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every write, per city"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("snapshot", JSONB, nullable=False, comment="schemas/snapshot.py"),
)


def _history(name: str) -> sa.Table:
    return sa.Table(
        name,
        metadata,
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revision", sa.BigInteger, nullable=False),
        sa.Column("catalogue_hash", sa.Text, nullable=False),
        sa.Column("index", sa.Float),
        sa.Column("lower", sa.Float, nullable=False),
        sa.Column("upper", sa.Float, nullable=False),
        sa.Column("coverage", sa.Float, nullable=False),
        sa.Column("total", sa.Float),
        sa.Column("rating", sa.Text),
        sa.Column("snapshot", JSONB, nullable=False),
        sa.Index(f"{name}_key", "city", "computed_at", unique=True),
    )


cityscores: Final[dict[Tier, sa.Table]] = {
    "minute": _history("cityscore"),
    "hour": _history("cityscore_hour"),
    "day": _history("cityscore_day"),
}
"""The live score as it stood at the end of each minute, hour and UTC day; kept as `schemas/retention.py` says."""

cityscore_closed: Final = sa.Table(
    "cityscore_closed",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("revision", sa.BigInteger, primary_key=True, comment="grows by 1 with every stored change, per city"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("catalogue_hash", sa.Text, nullable=False),
    sa.Column("index", sa.Float),
    sa.Column("lower", sa.Float, nullable=False),
    sa.Column("upper", sa.Float, nullable=False),
    sa.Column("coverage", sa.Float, nullable=False),
    sa.Column("total", sa.Float),
    sa.Column("rating", sa.Text),
    sa.Column("snapshot", JSONB, nullable=False, comment="schemas/snapshot.py, ClosedSnapshot"),
    sa.Index("cityscore_closed_computed_at", "city", "computed_at"),
)

cityscore_yearly: Final = sa.Table(
    "cityscore_yearly",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("year", sa.Integer, primary_key=True),
    sa.Column(
        "revision", sa.Integer, primary_key=True, comment="1 is the frozen, official one; later ones stand beside"
    ),
    sa.Column("hash", sa.Text, nullable=False, comment="SHA-256 over the evaluation's canonical JSON"),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("evaluation", JSONB, nullable=False),
)

closed_period: Final = sa.Table(
    "closed_period",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True, comment="day | week | month | quarter | year, city-local"),
    sa.Column("end", sa.DateTime(timezone=True), primary_key=True, comment="excluded"),
    sa.Column("revision", sa.Integer, primary_key=True, comment="from 1; the highest counts"),
    sa.Column("begin", sa.DateTime(timezone=True), nullable=False),
    sa.Column("name", sa.Text, nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
    sa.Column("value", sa.Float, comment="in the order's unit"),
    sa.Column("parts", JSONB, comment="values by part instead, where the order asks for several (1.4)"),
    sa.Column("numerator", sa.BigInteger, comment="smallest unit"),
    sa.Column("denominator", sa.BigInteger, comment="smallest unit"),
    sa.Column("events", sa.BigInteger, comment="that entered"),
    sa.Column("attainment", sa.Float, comment="0…1; null without value or target"),
    sa.Column("target", JSONB, comment="of the city's category, when computed"),
    sa.Column("weight", sa.Integer, nullable=False),
    sa.Column("freshness", sa.Text, nullable=False, comment="judged at the end"),
    sa.Column("newest", sa.DateTime(timezone=True), comment="event time of the newest data before the end"),
    sa.Column("coverage", sa.Float, comment="share of hours or days in which the sources reported, 0…1"),
    sa.Column("catalogue_hash", sa.Text, nullable=False),
    sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("difference", sa.Float, comment="value minus the previous revision's, where both have one"),
    sa.Index("closed_period_computed_at", "city", "computed_at"),
)

delivery: Final = sa.Table(
    "delivery",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, server_default="kpis", comment="kpis | facts"),
    sa.Column("period", sa.Text, primary_key=True, comment="day | week | month | quarter | year, city-local"),
    sa.Column("end", sa.DateTime(timezone=True), primary_key=True, comment="excluded"),
    sa.Column("revision", sa.Integer, primary_key=True, comment="from 1; a later one stands beside the earlier"),
    sa.Column("name", sa.Text, nullable=False, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
    sa.Column("revisions", JSONB, nullable=False, comment="KPI → revision of its closed value"),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("manifest_sha256", sa.Text, nullable=False),
    sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False, comment="of the newest value in it"),
    sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("receipt", sa.Text, comment="SDU's reference"),
    sa.Column("received_at", sa.DateTime(timezone=True), comment="when the receipt was recorded"),
)
"""Deliveries to SDU; their files lie in the export folder, under the same names."""

delivery_sent: Final = sa.Table(
    "delivery_sent",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True, server_default="kpis", comment="kpis | facts"),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("end", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("way", sa.Text, primary_key=True, comment="name of the way out"),
    sa.Column("sent_at", sa.DateTime(timezone=True), comment="null: not yet"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.DateTime(timezone=True)),
    sa.Column("failure", sa.Text),
)

delivery_progress: Final = sa.Table(
    "delivery_progress",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("through", sa.DateTime(timezone=True), nullable=False, comment="values stored before are delivered"),
)

sdu_answer: Final = sa.Table(
    "sdu_answer",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("period", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True, comment="2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027"),
    sa.Column("answered_at", sa.DateTime(timezone=True), primary_key=True),
    sa.Column("status", sa.Text, nullable=False, comment="confirmed | corrected"),
    sa.Column("value", sa.Float, nullable=False, comment="SDU's, in the order's unit"),
    sa.Column("reference", sa.Text, nullable=False, server_default=""),
    sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    sa.CheckConstraint("status in ('confirmed', 'corrected')", name="sdu_answer_status"),
)
"""What SDU made of a KPI; only this is official (point 12.4)."""

changed_day: Final = sa.Table(
    "changed_day",
    metadata,
    sa.Column("city", sa.Text, primary_key=True),
    sa.Column("day", sa.DateTime(timezone=True), primary_key=True, comment="begin of a city-local day that is over"),
    sa.Column("kpi", sa.Text, primary_key=True),
    sa.Column("onwards", sa.Boolean, primary_key=True, comment="the days after it changed too"),
    sa.Column("partition", sa.SmallInteger, primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False, comment="grows by 1 with every batch"),
    sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
)
"""What late data and corrections touched and the closed periods do not show yet."""

notice_state: Final = sa.Table(
    "notice_state",
    metadata,
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("city", sa.Text, primary_key=True, comment="empty: it concerns the installation"),
    sa.Column("subject", sa.Text, primary_key=True, comment="KPI, system, partition …"),
    sa.Column("bad_since", sa.DateTime(timezone=True), comment="while it waits to be raised"),
    sa.Column("raised_at", sa.DateTime(timezone=True), comment="while it is raised"),
    sa.Column("good_since", sa.DateTime(timezone=True), comment="while it waits to be cleared"),
    sa.Column("told_at", sa.DateTime(timezone=True), comment="when it was raised or last reminded of"),
)
"""Alerts to people: what is raised, or waits to be. What is well has no row."""

notice: Final = sa.Table(
    "notice",
    metadata,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False, comment="of the rule"),
    sa.Column("city", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("what", sa.Text, nullable=False, comment="raised | reminded | cleared"),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("way", sa.Text, nullable=False, comment="name in the file of rules"),
    sa.Column("facts", JSONB, nullable=False, comment="as they were then"),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, comment="after quiet hours"),
    sa.Column("sent_at", sa.DateTime(timezone=True)),
    sa.Column("dropped_at", sa.DateTime(timezone=True), comment="well again before anybody heard of it"),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("failed_at", sa.DateTime(timezone=True)),
    sa.Column("failure", sa.Text),
    sa.Index("notice_waiting", "way", "id", postgresql_where=sa.text("sent_at IS NULL AND dropped_at IS NULL")),
)
"""Messages to people, one per way, stored with the decision that made them."""

catalogue_version: Final = sa.Table(
    "catalogue_version",
    metadata,
    sa.Column("hash", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("content", JSONB, nullable=False),
    sa.Column("first_used_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

CHANNEL_PARTS: Final = "ahual_parts"
"""NOTIFY channel of the scorers' batches; the payload is the city."""
CHANNEL_DEVICES: Final = "ahual_devices"
"""NOTIFY channel of changed device credentials; no payload."""
CHANNEL_CITYSCORE: Final = "ahual_cityscore"
"""NOTIFY channel of stored scores; the payload is `{city}:{revision}`."""
