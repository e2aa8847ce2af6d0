"""Alembic's entry: runs the migrations over the connection that `deploy.migrations.run` hands in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from schemas.tables import metadata

# The owner's own schema, which holds functions only, would come first.
context.config.attributes["connection"].execute(sa.text("SET LOCAL search_path = public"))
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
