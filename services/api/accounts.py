"""Local accounts and their roles; `ahual user` writes them, the API reads them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from schemas.tables import access_change, city, user_account, user_role, user_session
from schemas.users import EVERYWHERE, Grant, Role


class AccountError(Exception):
    """What stands in the way: the name of a text, and its parameters."""

    def __init__(self, key: str, **params: object) -> None:
        super().__init__(key, params)
        self.key = key
        self.params = params


class Account(NamedTuple):
    """An account with what it may do."""

    name: str
    password_hash: str | None
    subject: str | None
    disabled_at: datetime | None
    grants: frozenset[Grant]


async def find(engine: AsyncEngine, name: str) -> Account | None:
    """The account of this name; one that was disabled too."""
    found = await everybody(engine, name)
    return found[0] if found else None


async def everybody(engine: AsyncEngine, name: str | None = None) -> list[Account]:
    """All accounts by name, or the one of a name."""
    query = (
        sa.select(user_account, user_role.c.city, user_role.c.role)
        .outerjoin(user_role, user_role.c.name == user_account.c.name)
        .order_by(user_account.c.name, user_role.c.city, user_role.c.role)
    )
    if name is not None:
        query = query.where(user_account.c.name == name)
    async with engine.connect() as connection:
        rows = (await connection.execute(query)).all()
    found: dict[str, list[Any]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return [_account(of_one) for of_one in found.values()]


def _account(rows: list[Any]) -> Account:
    grants = frozenset(Grant(row.city, row.role) for row in rows if row.city is not None)
    return Account(rows[0].name, rows[0].password_hash, rows[0].subject, rows[0].disabled_at, grants)


async def add(engine: AsyncEngine, name: str, password_hash: str | None, grants: Iterable[Grant], actor: str) -> None:
    """Make an account. AccountError when there is one, or for an unknown city."""
    async with engine.begin() as connection:
        statement = insert(user_account).values(name=name, password_hash=password_hash)
        done = await connection.execute(statement.on_conflict_do_nothing().returning(user_account.c.name))
        if done.first() is None:
            raise AccountError("exists", name=name)
        await _grant(connection, name, grants)
        await _note(connection, actor, "add", name)


async def set_password(engine: AsyncEngine, name: str, password_hash: str, actor: str) -> None:
    """Another password; whoever is signed in with the old one no longer is."""
    await _change(engine, name, {"password_hash": password_hash, "disabled_at": None}, actor, "rotate")


async def disable(engine: AsyncEngine, name: str, actor: str) -> None:
    """The account signs in no more, and its sessions end."""
    await _change(engine, name, {"disabled_at": sa.func.now()}, actor, "revoke")


async def set_roles(engine: AsyncEngine, name: str, given: Iterable[Grant], taken: Iterable[Grant], actor: str) -> None:
    """Give and take roles. AccountError for an unknown account or city."""
    async with engine.begin() as connection:
        await _require(connection, name)
        for grant in taken:
            await connection.execute(
                sa.delete(user_role).where(
                    user_role.c.name == name, user_role.c.city == grant.city, user_role.c.role == grant.role
                )
            )
        await _grant(connection, name, given)
        await _note(connection, actor, "rotate", name)


async def bind_subject(engine: AsyncEngine, name: str, subject: str) -> None:
    """The account is this person's at the provider from now on; nobody else's of the same name."""
    async with engine.connect() as connection:
        await connection.execute(sa.update(user_account).where(user_account.c.name == name).values(subject=subject))


async def _change(engine: AsyncEngine, name: str, values: dict[str, Any], actor: str, action: str) -> None:
    async with engine.begin() as connection:
        await _require(connection, name)
        await connection.execute(sa.update(user_account).where(user_account.c.name == name).values(values))
        await connection.execute(sa.delete(user_session).where(user_session.c.name == name))
        await _note(connection, actor, action, name)


async def _require(connection: AsyncConnection, name: str) -> None:
    if await connection.scalar(sa.select(user_account.c.name).where(user_account.c.name == name)) is None:
        raise AccountError("unknown", name=name)


async def _grant(connection: AsyncConnection, name: str, grants: Iterable[Grant]) -> None:
    known = set((await connection.execute(sa.select(city.c.code))).scalars()) | {EVERYWHERE}
    for grant in grants:
        if grant.city not in known:
            raise AccountError("unknown_city", city=grant.city)
        row: dict[str, str | Role] = {"name": name, **grant._asdict()}
        await connection.execute(insert(user_role).values(row).on_conflict_do_nothing())


async def _note(connection: AsyncConnection, actor: str, action: str, name: str) -> None:
    """Beside the changes of devices' and departments' access."""
    who = sa.func.concat(actor, " as ", sa.func.session_user())
    await connection.execute(sa.insert(access_change).values(actor=who, action=action, subject=f"user {name}"))
