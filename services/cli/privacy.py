"""`ahual privacy`: the keys that stand between a person and what Ahual stores."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from deploy.privacy import PrivacyFolder
from schemas.personal import city_secret
from schemas.retention import LEDGER_KEPT
from services.cli.running import fail
from services.ingest.errors import KeyFileError
from services.ingest.hash_keys import HashKey, HashKeys
from services.runtime.clock import utc_now
from services.runtime.messages import text

KEPT = LEDGER_KEPT["department"]
"""So long an event may still come, or come again."""
Folder = Annotated[
    Path | None, typer.Option("--folder", envvar="AHUAL_PRIVACY_FOLDER", help=text("privacy.folder_help"))
]
Json = Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))]


def register(app: typer.Typer) -> None:
    """`ahual privacy init|rotate|list|destroy|share`."""
    group = typer.Typer(help=text("privacy.help"), no_args_is_help=True)
    for command in (init, rotate, destroy, share):
        group.command(command.__name__, help=text(f"privacy.{command.__name__}_help"))(command)
    group.command("list", help=text("privacy.list_help"))(list_all)
    app.add_typer(group, name="privacy")


def init(folder: Folder = None) -> None:
    """Make hash keys and seal, once."""
    with _plain():
        place = _place(folder)
        made = place.init(utc_now())
        files = {"keys": place.hash_keys, "public": place.seal_public, "private": place.seal_private}
        typer.echo(text("privacy.made" if made else "privacy.there", None, **files))


def rotate(
    folder: Folder = None,
    begin: Annotated[datetime | None, typer.Option("--from", help=text("privacy.from_help"))] = None,
) -> None:
    """A new hash key, in force from a moment to come."""
    now = utc_now()
    with _plain():
        keys = _place(folder).change(lambda keys: keys.with_new(now, begin and begin.replace(tzinfo=UTC)))
    typer.echo(text("privacy.rotated", id=keys.keys[-1].id, moment=_minute(keys.keys[-1].valid_from)))


def destroy(
    folder: Folder = None,
    days: Annotated[int, typer.Option(min=0, help=text("privacy.days_help"))] = KEPT.days,
) -> None:
    """Forget the secrets of keys whose time ended long ago."""
    now = utc_now()
    with _plain():
        place = _place(folder)
        before = {key.id for key in place.read().keys if key.secret}
        after = place.change(lambda keys: keys.destroyed(now, timedelta(days=days)))
    gone = [key.id for key in after.keys if key.id in before and not key.secret]
    for key_id in gone:
        typer.echo(text("privacy.destroyed", id=key_id))
    if not gone:
        typer.echo(text("privacy.none_due", days=days), err=True)


def share(
    key_id: Annotated[str, typer.Argument(help=text("privacy.key_help"))],
    city: Annotated[str, typer.Argument(help=text("privacy.city_help"))],
    folder: Folder = None,
) -> None:
    """A city's own secret under a key, for a source that hashes by itself."""
    with _plain():
        keys = _place(folder).read()
    key = next((key for key in keys.keys if key.id == key_id), None)
    if key is None or key.secret is None:
        fail("privacy.unknown", id=key_id)
    typer.echo(base64.b64encode(city_secret(key.secret, city)).decode())
    typer.echo(text("privacy.shared", id=key_id, city=city), err=True)


def list_all(folder: Folder = None, as_json: Json = False) -> None:
    """The hash keys without their secrets."""
    now = utc_now()
    with _plain():
        keys = _place(folder).read()
    rows = [{"id": key.id, "valid_from": key.valid_from, "state": keys.state(key, now)} for key in keys.keys]
    if as_json:
        typer.echo(json.dumps(rows, default=str))
        return
    for key in keys.keys:
        typer.echo(_line(key, keys, now))


def _line(key: HashKey, keys: HashKeys, now: datetime) -> str:
    begin = "…" if key is keys.keys[0] else _minute(key.valid_from)
    return f"{key.id}  {begin:16}  {text(f'privacy.state_{keys.state(key, now)}')}"


def _place(folder: Path | None) -> PrivacyFolder:
    """The folder given, else the local stack's, else `privacy`."""
    stacks = Path(".stack/privacy")
    return PrivacyFolder(folder or (stacks if stacks.is_dir() else Path("privacy")))


def _minute(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


@contextmanager
def _plain() -> Iterator[None]:
    try:
        yield
    except KeyFileError as error:
        fail("privacy.bad_file", problem=error)
    except OSError as error:
        fail("privacy.bad_file", problem=f"{error.filename}: {error.strerror}")
    except ValueError as error:
        fail(f"privacy.{error}")
