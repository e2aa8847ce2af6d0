"""Alerts to people."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from schemas.tables.base import metadata

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
