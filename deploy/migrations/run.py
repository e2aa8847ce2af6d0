"""Bringing a database to the newest schema."""

from __future__ import annotations

from importlib.resources import files

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from pydantic import SecretStr
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from schemas import access
from schemas.sources import load_source_limits
from schemas.tables import source_limit
from services.runtime.tls import DatabaseTls


def config() -> Config:
    """Alembic's configuration, wherever the package is installed."""
    made = Config()
    made.set_main_option("script_location", str(files("deploy.migrations")))
    made.set_main_option("path_separator", "os")
    return made


def head() -> str:
    """The newest revision the code knows."""
    revision = ScriptDirectory.from_config(config()).get_current_head()
    if revision is None:
        raise LookupError("no migrations found")
    return revision


async def upgrade(url: SecretStr) -> None:
    """Apply every migration that is missing."""
    address, tls = DatabaseTls.of(make_url(url.get_secret_value()))
    engine = create_async_engine(address, connect_args={"ssl": tls} if tls else {})
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
            await connection.run_sync(_grant)
            await connection.run_sync(_tell_limits)
    finally:
        await engine.dispose()


def _upgrade(connection: sa.Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")


def _grant(connection: sa.Connection) -> None:
    """Rights of the services' roles, where there are such roles: on what a migration made a moment ago as well."""
    known = set(connection.scalars(sa.text("SELECT rolname FROM pg_roles")))
    roles = [role for role in access.ROLES if role in known]
    inspector = sa.inspect(connection)
    for statement in access.grants([*inspector.get_table_names("public"), *inspector.get_view_names("public")], roles):
        connection.execute(sa.text(statement))


def _tell_limits(connection: sa.Connection) -> None:
    """What counts as silent, frozen or drifting, where views can judge by it."""
    limits = load_source_limits()
    rows = [{"system": name, **one.model_dump()} for name, one in {"": limits.defaults, **limits.systems}.items()]
    connection.execute(sa.delete(source_limit))
    connection.execute(sa.insert(source_limit), rows)
