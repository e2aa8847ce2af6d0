"""`ahual device register|import|show`: what devices are, where, and what their channels mean."""

from __future__ import annotations

import asyncio
import csv
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.device import Device
from schemas.identity import Identity, parse_identity
from services.cli.actor import actor
from services.cli.running import fail, with_database
from services.ingest import register
from services.ingest.register import RegisterError
from services.runtime.messages import text

Name = Annotated[str, typer.Argument(help=text("registry.device_name"))]
AsJson = Annotated[bool, typer.Option("--json", help=text("ingest.json_help"))]
Channels = Annotated[str | None, typer.Option("--channels", help=text("registry.channels"))]
Gateway = Annotated[str | None, typer.Option("--gateway", help=text("registry.gateway"))]
Alias = Annotated[str | None, typer.Option("--alias", help=text("registry.alias"))]
Sparkplug = Annotated[str | None, typer.Option("--sparkplug", help=text("registry.sparkplug"))]
Place = Annotated[str | None, typer.Option("--at", help=text("registry.at"))]
District = Annotated[str | None, typer.Option("--district", help=text("registry.district"))]
Attached = Annotated[str | None, typer.Option("--attached", help=text("registry.attached"))]
Label = Annotated[str | None, typer.Option("--label", help=text("registry.label"))]
Interval = Annotated[float | None, typer.Option("--interval", help=text("registry.interval"))]
Day = Annotated[datetime | None, typer.Option("--installed", formats=["%Y-%m-%d"], help=text("registry.installed"))]
Gone = Annotated[datetime | None, typer.Option("--removed", formats=["%Y-%m-%d"], help=text("registry.removed"))]
File = Annotated[Path, typer.Argument(help=text("registry.file"))]
Check = Annotated[bool, typer.Option("--check", help=text("registry.check"))]
COLUMNS: Final = tuple(Device.model_fields)


def register_commands(group: typer.Typer) -> None:
    """Add the registry's commands to `ahual device`."""
    group.command("register", help=text("registry.register_help"))(register_one)
    group.command("import", help=text("registry.import_help"))(import_table)
    group.command("show", help=text("registry.show_help"))(show)


def register_one(
    name: Name,
    channels: Channels = None,
    gateway: Gateway = None,
    alias: Alias = None,
    sparkplug: Sparkplug = None,
    place: Place = None,
    district: District = None,
    attached: Attached = None,
    label: Label = None,
    interval: Interval = None,
    installed: Day = None,
    removed: Gone = None,
) -> None:
    """Add a device to the registry, or change what is said of it; what is left out stays as it is."""
    identity = identity_of(name)
    latitude, _, longitude = (place or "").partition(",")
    kind, _, attached_to = (attached or "").partition(":")
    given = {
        "channels": channels,
        "gateway": gateway,
        "alias": alias,
        "sparkplug": sparkplug,
        "latitude": latitude.strip(),
        "longitude": longitude.strip(),
        "district": district,
        "attached_kind": kind,
        "attached_to": attached_to,
        "label": label,
        "interval_s": interval,
        "installed_on": installed and installed.date(),
        "removed_on": removed and removed.date(),
    }
    stated = {key: value for key, value in given.items() if value not in (None, "")}
    asyncio.run(with_database(lambda engine: _change(engine, identity, stated)))
    typer.echo(text("registry.registered", count=1))


async def _change(engine: AsyncEngine, identity: Identity, stated: dict[str, Any]) -> None:
    row = await register.get(engine, identity)
    known = entry(row) if row else identity._asdict()
    try:
        device = Device.model_validate({**known, **stated})
    except ValidationError as error:
        fail("registry.bad_device", device=identity, problem=_sentence(error))
    await _put(engine, [device])


def import_table(file: File, check: Check = False) -> None:
    """Register the devices of a CSV file, all or none."""
    devices = read_rows(file, Device)
    if check:
        typer.echo(text("registry.good_file", count=len(devices)))
        return
    asyncio.run(with_database(lambda engine: _put(engine, devices)))
    typer.echo(text("registry.registered", count=len(devices)))


M = TypeVar("M", bound=BaseModel)


def read_rows(file: Path, model: type[M]) -> list[M]:
    """The rows of a CSV file in UTF-8 with a head. Ends the command, with each wrong line told, when one is wrong."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            reader = csv.DictReader(opened)
            _require_head(file, reader.fieldnames or (), model)
            rows = [(reader.line_num, row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        fail("registry.bad_file", file=file, problem=error)
    found, wrong = [], 0
    for line, row in rows:
        stated = {name: value.strip() for name, value in row.items() if isinstance(value, str) and value.strip()}
        try:
            found.append(model.model_validate(stated))
        except ValidationError as error:
            wrong += 1
            typer.echo(text("registry.bad_row", file=file, line=line, problem=_sentence(error)), err=True)
    if wrong:
        fail("registry.nothing_registered", wrong=wrong, count=len(rows))
    return found


def _require_head(file: Path, head: Sequence[str], model: type[BaseModel]) -> None:
    unknown = sorted(set(head) - set(model.model_fields))
    needed = {name for name, field in model.model_fields.items() if field.is_required()}
    if unknown or not needed <= set(head):
        words = {"unknown": ", ".join(unknown) or "–", "needed": ", ".join(sorted(needed))}
        fail("registry.bad_head", file=file, columns=", ".join(model.model_fields), **words)


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    problem = first["msg"].removeprefix("Value error, ")
    return f"{place}: {problem}" if place else problem


async def _put(engine: AsyncEngine, devices: Sequence[Device]) -> None:
    try:
        await register.put(engine, devices, actor())
    except RegisterError as error:
        fail(f"registry.{error.key}", **error.params)


def show(name: Name, as_json: AsJson = False) -> None:
    """Everything the registry says of a device."""
    identity = identity_of(name)
    row = asyncio.run(with_database(lambda engine: register.get(engine, identity)))
    if row is None:
        fail("registry.unknown", device=identity)
    found = entry(row)
    if as_json:
        typer.echo(json.dumps(found, default=str, ensure_ascii=False))
        return
    for key, value in found.items():
        if key != "channels" and value not in (None, ""):
            typer.echo(f"{key:14} {value}")
    for channel, meaning in found["channels"].items():
        typer.echo(f"  {channel} = {_meaning(meaning)}")


def _meaning(channel: dict[str, Any] | None) -> str:
    if channel is None:
        return text("registry.left_out")
    unit = f" [{channel['unit']}]" if "unit" in channel else ""
    scale = f" × {channel['scale']:g}" if "scale" in channel else ""
    name = f" → {channel['channel']}" if "channel" in channel else ""
    return f"{channel['quantity']}{unit}{scale}{name}"


def entry(row: Any) -> dict[str, Any]:
    """A row of the registry under the names of `Device`."""
    return {name: getattr(row, name) for name in COLUMNS}


def identity_of(name: str) -> Identity:
    """Read `city/system/device`, or say what is wrong and end the command."""
    try:
        return parse_identity(name)
    except ValueError:
        fail("ingest.key_bad_name", name=name)
