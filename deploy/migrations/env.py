"""Alembic's entry: runs the migrations over the connection that `deploy.migrations.run` hands in."""

from __future__ import annotations

from alembic import context

from schemas.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
