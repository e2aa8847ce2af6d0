"""Deliveries to SDU, and what comes back."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

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
