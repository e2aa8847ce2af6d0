"""Who may come in: device credentials, key rotation, who changed what; chunks a role may drop."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Only an owner may drop chunks, and the scorer owns nothing. Whoever may delete a table's rows may drop its chunks:
# `SELECT drop_chunks(table, before)` finds this one first where the search path begins with this schema.
DROP_CHUNKS = """
    CREATE FUNCTION ahual.drop_chunks(relation regclass, before timestamptz) RETURNS SETOF text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    BEGIN
      IF NOT has_table_privilege(session_user, relation, 'DELETE') THEN
        RAISE insufficient_privilege USING MESSAGE = format('%s may not drop chunks of %s', session_user, relation);
      END IF;
      RETURN QUERY SELECT public.drop_chunks(relation, before);
    END $$
"""


def upgrade() -> None:
    op.add_column(
        "api_key",
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="set when another took its place: the overlap's end",
        ),
    )
    op.add_column(
        "api_key", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True, comment="to the minute")
    )
    _create_tables()
    op.execute("CREATE SCHEMA ahual")
    op.execute(DROP_CHUNKS)
    op.execute("REVOKE ALL ON FUNCTION ahual.drop_chunks FROM PUBLIC")


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")


def _create_tables() -> None:
    op.create_table(
        "device",
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True, comment="as Mosquitto's password file has it; null: none"),
        sa.Column("certificate", sa.Boolean(), nullable=False, comment="may show a certificate of its name instead"),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["city"], ["city.code"]),
        sa.PrimaryKeyConstraint("city", "system", "device"),
    )
    op.create_table(
        "access_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False, comment="account of the operating system, and of the database"),
        sa.Column("action", sa.Text(), nullable=False, comment="add | rotate | revoke"),
        sa.Column("subject", sa.Text(), nullable=False, comment="device city/system/device, or key id"),
        sa.PrimaryKeyConstraint("id"),
    )
