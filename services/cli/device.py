"""`ahual device`: who may publish over MQTT, as what, with which secret; the registry; whether messages conform."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.certs.authority import Authority, CertificateError
from deploy.stack.passwords import mosquitto_hash
from deploy.stack.stack import Stack
from schemas.identity import Identity, parse_identity
from services.cli import device_check, device_inventory, device_registry
from services.cli.actor import actor
from services.cli.running import fail, with_database
from services.cli.stack import DEFAULT_FOLDER, Folder, one_sentence
from services.ingest import devices
from services.runtime.clock import utc_now
from services.runtime.messages import text

Name = Annotated[str, typer.Argument(help=text("ingest.device_name"))]
Certs = Annotated[
    Path | None, typer.Option("--certs", envvar="AHUAL_CERTS_FOLDER", help=text("ingest.device_certs_help"))
]
AsJson = Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))]


def register(app: typer.Typer) -> None:
    """Add the `device` commands."""
    group = typer.Typer(help=text("ingest.device_help"), no_args_is_help=True)
    for command in (add, rotate, revoke, sync):
        group.command(command.__name__, help=text(f"ingest.device_{command.__name__}_help"))(command)
    device_registry.register_commands(group)
    device_inventory.register_commands(group)
    group.command("check", help=text("registry.check_help"))(device_check.check)
    group.command("list", help=text("ingest.device_list_help"))(list_all)
    app.add_typer(group, name="device")


def add(
    name: Name,
    certificate: Annotated[bool, typer.Option("--certificate", help=text("ingest.device_certificate_help"))] = False,
    as_json: AsJson = False,
    folder: Folder = DEFAULT_FOLDER,
    certs: Certs = None,
) -> None:
    """Let a device in."""
    identity = _identity(name)
    password = None if certificate else secrets.token_urlsafe(24)
    if certificate:
        _issue(_authority(folder, certs), identity)
    problem = asyncio.run(with_database(lambda engine: devices.add(engine, identity, _hash(password), actor())))
    if problem:
        fail(f"ingest.{problem}", city=identity.city, device=name)
    _bring(folder)
    _tell(identity, password, _authority(folder, certs), as_json=as_json)


def rotate(name: Name, as_json: AsJson = False, folder: Folder = DEFAULT_FOLDER, certs: Certs = None) -> None:
    """Give a device another secret of the kind it has; the old one ends at once."""
    identity = _identity(name)
    shows = asyncio.run(with_database(lambda engine: devices.by_certificate(engine, identity)))
    if shows is None:
        fail("ingest.device_unknown", device=name)
    password = None if shows else secrets.token_urlsafe(24)
    if shows:
        authority = _authority(folder, certs)
        _revoke_certificates(authority, identity)
        # Without its certificate for a moment, so that the broker cuts the session that shows the old one.
        asyncio.run(with_database(lambda engine: _cut_first(engine, folder, identity)))
        _issue(authority, identity)
    asyncio.run(with_database(lambda engine: devices.rotate(engine, identity, _hash(password), actor())))
    _bring(folder)
    _tell(identity, password, _authority(folder, certs), as_json=as_json)


def revoke(name: Name, folder: Folder = DEFAULT_FOLDER, certs: Certs = None) -> None:
    """Let a device in no longer; the session it has is cut."""
    identity = _identity(name)
    shows = asyncio.run(with_database(lambda engine: devices.by_certificate(engine, identity)))
    if shows is None:
        fail("ingest.device_unknown", device=name)
    if shows:
        _revoke_certificates(_authority(folder, certs), identity)
    asyncio.run(with_database(lambda engine: devices.revoke(engine, identity, actor())))
    _bring(folder)
    typer.echo(text("ingest.device_revoked", device=name))


def sync(folder: Folder = DEFAULT_FOLDER) -> None:
    """Make the broker's accounts those of the registry, whatever happened to them."""
    if not _bring(folder):
        fail("ingest.device_no_broker", folder=folder)
    typer.echo(text("ingest.device_synced"))


def list_all(
    city: Annotated[str | None, typer.Option(help=text("ingest.dlq_city"))] = None, as_json: AsJson = False
) -> None:
    """All devices that ever had credentials."""
    rows = asyncio.run(with_database(lambda engine: devices.listed(engine, city)))
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        state = text("ingest.key_revoked_state") if row["revoked_at"] else text(f"ingest.device_{row['kind']}")
        typer.echo(f"{row['device']}  {row['changed_at']:%Y-%m-%d %H:%M} UTC  {state}")
    if not rows:
        typer.echo(text("ingest.device_none"), err=True)


def _identity(name: str) -> Identity:
    try:
        return parse_identity(name)
    except ValueError:
        fail("ingest.key_bad_name", name=name)


def _hash(password: str | None) -> str | None:
    return None if password is None else mosquitto_hash(password, os.urandom(12))


def _authority(folder: Path, certs: Path | None) -> Authority:
    return Authority(certs) if certs else Stack(folder).authority


def _issue(authority: Authority, identity: Identity) -> None:
    _certify(lambda: authority.issue(str(identity), "device", (), utc_now()))


def _revoke_certificates(authority: Authority, identity: Identity) -> None:
    _certify(lambda: authority.revoke(str(identity), utc_now()))


def _certify(work: Callable[[], object]) -> None:
    try:
        work()
    except CertificateError as error:
        fail(f"certs.{error.key}", **error.params)


def _bring(folder: Path) -> bool:
    """To the broker of this machine, if there is one; a broker elsewhere watches the registry itself."""
    stack = Stack(folder)
    if stack.pid("mosquitto") is None:
        return False
    credentials = asyncio.run(with_database(devices.read))
    with one_sentence():
        stack.broker().apply(credentials)
    return True


async def _cut_first(engine: AsyncEngine, folder: Path, identity: Identity) -> None:
    stack = Stack(folder)
    if stack.pid("mosquitto") is not None:
        read = await devices.read(engine)
        without = devices.Credentials(read.passwords, read.certificates - {str(identity)})
        with one_sentence():
            await asyncio.to_thread(stack.broker().apply, without)


def _tell(identity: Identity, password: str | None, authority: Authority, *, as_json: bool) -> None:
    files = {"certificate": str(authority.certificate(str(identity))), "key": str(authority.key(str(identity)))}
    told: dict[str, Any] = {"device": str(identity), **(files if password is None else {"password": password})}
    if as_json:
        typer.echo(json.dumps(told))
    elif password is None:
        typer.echo(text("certs.issued", certificate=files["certificate"], private=files["key"]))
    else:
        typer.echo(password)
        typer.echo(text("ingest.device_once", device=identity), err=True)
