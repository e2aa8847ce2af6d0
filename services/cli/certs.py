"""`ahual certs`: the private authority of an installation."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.certs.authority import Authority, CertificateError, Issued
from schemas.identity import parse_identity
from services.runtime.clock import utc_now
from services.runtime.messages import text

Folder = Annotated[Path, typer.Option("--certs", envvar="AHUAL_CERTS_FOLDER", help=text("certs.folder_help"))]
Name = Annotated[str, typer.Argument(help=text("certs.name_help"))]
DEFAULT_FOLDER = Path("certs")


def register(app: typer.Typer) -> None:
    """Add the `certs` commands."""
    group = typer.Typer(help=text("certs.help"), no_args_is_help=True)
    for command in (init, issue, renew, revoke):
        group.command(command.__name__, help=text(f"certs.{command.__name__}_help"))(command)
    group.command("list", help=text("certs.list_help"))(list_all)
    app.add_typer(group, name="certs")


def init(folder: Folder = DEFAULT_FOLDER) -> None:
    """Make the authority, once."""
    with _plain():
        authority = Authority(folder)
        made = authority.init(utc_now())
        typer.echo(
            text("certs.made" if made else "certs.there", file=authority.ca, until=f"{authority.ends():%Y-%m-%d}")
        )


def issue(
    name: Name,
    hosts: Annotated[list[str] | None, typer.Option("--host", help=text("certs.host_help"))] = None,
    device: Annotated[bool, typer.Option("--device", help=text("certs.device_help"))] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """A certificate for a service or a device."""
    with _plain():
        authority = Authority(folder)
        if device != _is_device(name):
            raise CertificateError("not_a_device" if device else "not_a_service", name=name)
        made = authority.issue(name, "device" if device else "service", tuple(hosts or ()), utc_now())
        _tell("certs.issued" if made else "certs.unchanged", authority, name)


def renew(
    name: Annotated[str, typer.Argument(help=text("certs.renew_name_help"))] = "", folder: Folder = DEFAULT_FOLDER
) -> None:
    """New certificates for one name, or for all that end soon."""
    with _plain():
        authority = Authority(folder)
        now = utc_now()
        due = [each.name for each in authority.issued() if each.state(now) in ("due", "expired")]
        for each in [name] if name else due:
            authority.renew(each, now)
            _tell("certs.issued", authority, each)
        if not name and not due:
            typer.echo(text("certs.none_due"), err=True)


def revoke(name: Name, folder: Folder = DEFAULT_FOLDER) -> None:
    """Put a name's certificates on the revocation list."""
    with _plain():
        authority = Authority(folder)
        done = authority.revoke(name, utc_now())
        typer.echo(text("certs.revoked" if done else "certs.revoked_before", name=name, crl=authority.crl))


def list_all(
    as_json: Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))] = False,
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """All certificates; exit code 1 when one has ended or ends soon."""
    with _plain():
        now = utc_now()
        issued = Authority(folder).issued()
    if as_json:
        typer.echo(json.dumps([_row(each, each.state(now)) for each in issued], ensure_ascii=False))
    else:
        _print(issued, {each.name: each.state(now) for each in issued})
    if any(each.state(now) in ("due", "expired") for each in issued):
        raise typer.Exit(1)


def _tell(key: str, authority: Authority, name: str) -> None:
    typer.echo(text(key, certificate=authority.certificate(name), private=authority.key(name)))


def _is_device(name: str) -> bool:
    try:
        parse_identity(name)
    except ValueError:
        return False
    return True


def _row(issued: Issued, state: str) -> dict[str, object]:
    hosts = list(issued.hosts)
    return {"name": issued.name, "kind": issued.kind, "hosts": hosts, "ends": issued.ends.isoformat(), "state": state}


def _print(issued: list[Issued], states: dict[str, str]) -> None:
    table = Table(*(text(f"certs.column_{name}") for name in ("name", "kind", "hosts", "ends", "state")))
    for each in issued:
        state = text(f"certs.state_{states[each.name]}")
        kind = text(f"certs.kind_{each.kind}")
        table.add_row(each.name, kind, ", ".join(each.hosts), f"{each.ends:%Y-%m-%d}", state)
    Console().print(table)


@contextmanager
def _plain() -> Iterator[None]:
    try:
        yield
    except CertificateError as error:
        typer.secho(text(f"certs.{error.key}", None, **error.params), err=True, fg=typer.colors.RED)
        raise typer.Exit(1) from error
