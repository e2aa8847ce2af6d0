"""People: accounts with roles per city, their sessions, and what they did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import BYTEA

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "user_account",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="argon2id; null: signs in at the provider only"),
        sa.Column(
            "subject", sa.Text(), nullable=True, comment="issuer and sub at the provider, since the first sign-in"
        ),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("disabled_at", _MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("name"),
        sa.UniqueConstraint("subject", name="user_account_subject"),
    )
    op.create_table(
        "user_role",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False, comment="* is every city"),
        sa.Column("role", sa.Text(), nullable=False, comment="schemas/users.py"),
        sa.ForeignKeyConstraint(["name"], ["user_account.name"]),
        sa.PrimaryKeyConstraint("name", "city", "role"),
    )
    op.create_table(
        "user_session",
        sa.Column("sha256", BYTEA(), nullable=False, comment="of the cookie"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False, server_default=sa.text("now()")),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["name"], ["user_account.name"]),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="an account, or which token"),
        sa.Column("action", sa.Text(), nullable=False, comment="signed_in | sign_in_refused | signed_out | read | did"),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False, comment="method and path, or why it was refused"),
        sa.Column("address", sa.Text(), nullable=True, comment="of the connection"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_entry_city", "audit_entry", ["city", "id"])


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
