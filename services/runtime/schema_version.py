"""Which schema the database has: a service does not touch one that it does not know."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import REVISION
from services.runtime.database import DATABASE_ERRORS

log = logging.getLogger(__name__)
AGAIN_S: Final = 2.0


async def revision(engine: AsyncEngine) -> str | None:
    """The database's migration, empty when it has none, None when it does not answer."""
    try:
        async with engine.connect() as connection:
            return str((await connection.execute(sa.text("SELECT version_num FROM alembic_version"))).scalar() or "")
    except ProgrammingError:
        return ""
    except DATABASE_ERRORS as error:
        log.warning("the database does not answer", extra={"reason": repr(error)[:300]})
        return None


async def wait_for_schema(engine: AsyncEngine, stop: asyncio.Event) -> None:
    """Return once the database has the schema this release was written for, or `stop` is set."""
    while not stop.is_set():
        found = await revision(engine)
        if found == REVISION:
            return
        if found is not None:
            remedy = "install the newer release" if found > REVISION else "run `ahual migrate`"
            log.warning(f"waiting: the database's schema is not this release's; {remedy}", extra=_both(found))
        await asyncio.sleep(AGAIN_S)


def _both(found: str) -> dict[str, str]:
    return {"found": found or "none", "needed": REVISION}
