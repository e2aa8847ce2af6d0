"""`ahual user`: people who sign in, and what they may do where."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated, Any, Final

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.users import Grant, read_grant
from services.api import accounts, passwords
from services.api.accounts import AccountError
from services.cli.actor import actor
from services.cli.running import fail, with_database
from services.runtime.messages import text

NAME: Final = re.compile(r"[^\x00-\x20\x7f]{1,64}")
Name = Annotated[str, typer.Argument(help=text("user.name"))]
Roles = Annotated[list[str] | None, typer.Option("--role", help=text("user.role"))]
Taken = Annotated[list[str] | None, typer.Option("--take", help=text("user.take"))]
Provider = Annotated[bool, typer.Option("--provider", help=text("user.provider"))]
Stdin = Annotated[bool, typer.Option("--stdin", help=text("user.stdin"))]
AsJson = Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))]


def register(app: typer.Typer) -> None:
    """`ahual user`."""
    group = typer.Typer(help=text("user.help"), no_args_is_help=True)
    group.command("add", help=text("user.add_help"))(add)
    group.command("list", help=text("user.list_help"))(list_users)
    group.command("disable", help=text("user.disable_help"))(disable)
    group.command("password", help=text("user.password_help"))(password)
    group.command("role", help=text("user.role_help"))(role)
    app.add_typer(group, name="user")


def add(name: Name, roles: Roles = None, provider: Provider = False, stdin: Stdin = False) -> None:
    """Make an account; its password is generated and shown once, unless it is given on standard input."""
    if not NAME.fullmatch(name):
        fail("user.bad_name", name=name)
    grants = _grants(roles)
    chosen = None if provider else _password(stdin)
    stored = chosen and passwords.hashed(chosen)
    _run(lambda engine: accounts.add(engine, name, stored, grants, actor()))
    typer.echo(text("user.added", name=name, roles=_said(grants)))
    if chosen and not stdin:
        typer.echo(text("user.shown_once", password=chosen))


def list_users(as_json: AsJson = False) -> None:
    """All accounts with their roles."""
    found = asyncio.run(with_database(accounts.everybody))
    if as_json:
        typer.echo(json.dumps([_row(one) for one in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        way = text("user.way_password" if one.password_hash else "user.way_provider")
        state = text("user.is_disabled") if one.disabled_at else ""
        typer.echo(f"{one.name}\t{_said(one.grants)}\t{way}\t{state}".rstrip())


def disable(name: Name) -> None:
    """The account signs in no more; its sessions end now. A new password opens it again."""
    _run(lambda engine: accounts.disable(engine, name, actor()))
    typer.echo(text("user.disabled", name=name))


def password(name: Name, stdin: Stdin = False) -> None:
    """Give an account another password; sessions opened with the old one end."""
    chosen = _password(stdin)
    _run(lambda engine: accounts.set_password(engine, name, passwords.hashed(chosen), actor()))
    typer.echo(text("user.changed", name=name))
    if not stdin:
        typer.echo(text("user.shown_once", password=chosen))


def role(name: Name, roles: Roles = None, take: Taken = None) -> None:
    """Give and take roles; they hold from the next request on."""
    given, taken = _grants(roles), _grants(take)
    _run(lambda engine: accounts.set_roles(engine, name, given, taken, actor()))
    typer.echo(text("user.changed", name=name))


def _run(change: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    async def tried(engine: AsyncEngine) -> None:
        try:
            await change(engine)
        except AccountError as error:
            fail(f"user.{error.key}", **error.params)

    asyncio.run(with_database(tried))


def _grants(given: Iterable[str] | None) -> list[Grant]:
    try:
        return [read_grant(one) for one in given or ()]
    except ValueError as error:
        fail("user.bad_role", problem=error)


def _password(stdin: bool) -> str:
    if not stdin:
        return passwords.generated()
    given = sys.stdin.readline().rstrip("\n")
    if not passwords.LEAST <= len(given) <= passwords.MOST:
        fail("user.bad_password", least=passwords.LEAST, most=passwords.MOST)
    return given


def _said(grants: Iterable[Grant]) -> str:
    return ", ".join(str(grant) for grant in sorted(grants)) or text("user.no_role")


def _row(one: accounts.Account) -> dict[str, Any]:
    return {
        "name": one.name,
        "roles": [str(grant) for grant in sorted(one.grants)],
        "password": one.password_hash is not None,
        "provider": one.subject,
        "disabled_at": one.disabled_at and one.disabled_at.isoformat(),
    }
