"""Tables made since migration 7 came to lie in the owner's own schema, where the services do not look for them."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        DO $$ DECLARE name text; BEGIN
          FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'ahual' LOOP
            EXECUTE format('ALTER TABLE ahual.%I SET SCHEMA public', name);
          END LOOP;
        END $$
    """)


def downgrade() -> None:
    raise NotImplementedError("restore a backup instead")
