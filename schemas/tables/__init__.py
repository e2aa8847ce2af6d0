"""Every table, a file for each subject. `deploy/migrations` creates them; nobody else issues DDL."""

from schemas.tables.accounts import access_change, api_key, audit_entry, device, user_account, user_role, user_session
from schemas.tables.base import REVISION, Tier, metadata
from schemas.tables.channels import CHANNEL_CITYSCORE, CHANNEL_DEVICES, CHANNEL_PARTS
from schemas.tables.cities import city, city_reader
from schemas.tables.closed import changed_day, closed_period
from schemas.tables.deliveries import delivery, delivery_progress, delivery_sent, sdu_answer
from schemas.tables.ledger import (
    archive_day,
    archive_file,
    consumer_offset,
    correction,
    dead_letter,
    ledger_batch_id,
    ledger_batches,
    ledger_floor,
    ledgers,
)
from schemas.tables.map import city_feature, observation
from schemas.tables.measures import bins, entry, kpi_mark, measure_set, measured_under, parts, rebuild, rebuild_horizon
from schemas.tables.notices import notice, notice_state
from schemas.tables.registry import complete_total, registered_device, registered_object, reported_total
from schemas.tables.scores import catalogue_version, cityscore_closed, cityscore_current, cityscore_yearly, cityscores
from schemas.tables.sources import source_activity, source_channel, source_device, source_limit, source_registry

__all__ = [
    "CHANNEL_CITYSCORE",
    "CHANNEL_DEVICES",
    "CHANNEL_PARTS",
    "REVISION",
    "Tier",
    "access_change",
    "api_key",
    "archive_day",
    "archive_file",
    "audit_entry",
    "bins",
    "catalogue_version",
    "changed_day",
    "city",
    "city_feature",
    "city_reader",
    "cityscore_closed",
    "cityscore_current",
    "cityscore_yearly",
    "cityscores",
    "closed_period",
    "complete_total",
    "consumer_offset",
    "correction",
    "dead_letter",
    "delivery",
    "delivery_progress",
    "delivery_sent",
    "device",
    "entry",
    "kpi_mark",
    "ledger_batch_id",
    "ledger_batches",
    "ledger_floor",
    "ledgers",
    "measure_set",
    "measured_under",
    "metadata",
    "notice",
    "notice_state",
    "observation",
    "parts",
    "rebuild",
    "rebuild_horizon",
    "registered_device",
    "registered_object",
    "reported_total",
    "sdu_answer",
    "source_activity",
    "source_channel",
    "source_device",
    "source_limit",
    "source_registry",
    "user_account",
    "user_role",
    "user_session",
]
