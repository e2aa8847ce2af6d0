"""Who is signed in: a random cookie, whose hash the database keeps."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import user_account, user_role, user_session
from schemas.users import Grant

COOKIE: Final = "ahual_session"
CSRF_HEADER: Final = "X-CSRF-Token"


class Who(NamedTuple):
    """Somebody who is known: by a session (then with the token that unsafe requests must show) or by a bearer token."""

    name: str
    grants: frozenset[Grant]
    csrf: str | None = None
    expires_at: datetime | None = None


class Opened(NamedTuple):
    """A new session: what the browser keeps, and what its page must show."""

    cookie: str
    csrf: str
    expires_at: datetime


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


async def open_session(engine: AsyncEngine, name: str, now: datetime, life: timedelta) -> Opened:
    """Sign somebody in; sessions that are over are forgotten meanwhile."""
    made = Opened(secrets.token_urlsafe(32), secrets.token_urlsafe(24), now + life)
    row = {
        "sha256": _hash(made.cookie),
        "name": name,
        "csrf": made.csrf,
        "created_at": now,
        "expires_at": made.expires_at,
    }
    async with engine.connect() as connection:
        await connection.execute(sa.delete(user_session).where(user_session.c.expires_at <= now))
        await connection.execute(sa.insert(user_session).values(row))
    return made


async def signed_in(engine: AsyncEngine, cookie: str, now: datetime) -> Who | None:
    """Whose session this is, with the roles of now; None when it is nobody's, over, or its account was disabled."""
    query = (
        sa.select(
            user_session.c.name, user_session.c.csrf, user_session.c.expires_at, user_role.c.city, user_role.c.role
        )
        .join(user_account, user_account.c.name == user_session.c.name)
        .outerjoin(user_role, user_role.c.name == user_session.c.name)
        .where(user_session.c.sha256 == _hash(cookie), user_session.c.expires_at > now)
        .where(user_account.c.disabled_at.is_(None))
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    if not rows:
        return None
    grants = frozenset(Grant(row.city, row.role) for row in rows if row.city is not None)
    return Who(rows[0].name, grants, rows[0].csrf, rows[0].expires_at)


async def close_session(engine: AsyncEngine, cookie: str) -> None:
    """Sign out."""
    async with engine.connect() as connection:
        await connection.execute(sa.delete(user_session).where(user_session.c.sha256 == _hash(cookie)))
