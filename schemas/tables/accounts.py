"""Who may come in: systems and devices with keys, people with roles; and what they did."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA

from schemas.tables.base import metadata

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
