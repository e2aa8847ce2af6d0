"""`ahual device register|import|show|objects|vouch`, as an operator types them, on the real database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from deploy.stack import Stack
from schemas import tables
from services.cli.main import build

pytestmark = pytest.mark.stack
MAST = "karaganda/environment/mast-1"
Run = Callable[..., Any]


@pytest.fixture
def ahual(stack: Stack, database: AsyncEngine, database_url: SecretStr) -> Run:
    """Run `ahual device …` in a thread of its own, as the command's event loop wants."""
    env = {**stack.env(), "AHUAL_LANG": "en"}

    async def run(*argv: object) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, build("device"), ["device", *map(str, argv)], env=env)

    return run


async def stored(engine: AsyncEngine, table: sa.Table) -> list[Any]:
    async with engine.connect() as connection:
        return list((await connection.execute(sa.select(table))).mappings())


async def test_a_device_is_registered_and_what_is_left_out_stays(ahual: Run) -> None:
    channels = "T=air_temperature[degF]; H=relative_humidity; N=noise*0.1>loudness; *=-"
    first = ["--at", "49.80,73.10", "--district", "kazybek-bi", "--interval", 60, "--channels", channels]
    assert (await ahual("register", MAST, *first)).exit_code == 0
    assert (await ahual("register", MAST, "--label", "mast at the park", "--installed", "2026-02-01")).exit_code == 0
    shown = json.loads((await ahual("show", MAST, "--json")).stdout)
    assert (shown["latitude"], shown["longitude"], shown["interval_s"]) == (49.8, 73.1, 60.0)
    assert (shown["label"], shown["installed_on"]) == ("mast at the park", "2026-02-01")
    assert shown["channels"]["N"] == {"quantity": "noise", "scale": 0.1, "channel": "loudness"}
    for_people = (await ahual("show", MAST)).stdout
    assert "T = air_temperature [degF]" in for_people
    assert "N = noise × 0.1 → loudness" in for_people


@pytest.mark.parametrize(
    ("device", "options", "problem"),
    [
        (MAST, ["--channels", "T=warmth"], "there is no quantity warmth"),
        (MAST, ["--channels", "T=air_temperature[km/h]"], "km/h is not converted into Cel"),
        (MAST, ["--at", "49.80"], "latitude and longitude belong together"),
        (MAST, ["--gateway", "nobody"], "the gateway karaganda/environment/nobody is not registered"),
        ("atlantis/water/meter-1", [], "The city “atlantis” is not registered"),
        ("no-name", [], "no-name"),
    ],
)
async def test_a_wrong_entry_is_one_sentence_and_changes_nothing(
    ahual: Run, database: AsyncEngine, device: str, options: list[str], problem: str
) -> None:
    result = await ahual("register", device, *options)
    assert result.exit_code == 1
    assert problem in result.output
    assert "Traceback" not in result.output
    assert await stored(database, tables.registered_device) == []


async def test_a_table_is_registered_whole_or_not_at_all(ahual: Run, database: AsyncEngine, tmp_path: Path) -> None:
    head = "city,system,device,channels,attached_kind,attached_to,installed_on\n"
    good = "karaganda,water,meter-1,V=water_volume[l],building,b-1,2026-02-01\n"
    table = tmp_path / "devices.csv"
    table.write_text(head + good + "karaganda,water,meter-2,V=wine,,,\nkaraganda,water,Meter 3,,,,\n", "utf-8")
    result = await ahual("import", table)
    assert result.exit_code == 1
    assert all(f"line {line}: " in result.output for line in (3, 4))
    assert "2 of 3 rows are wrong" in result.output
    table.write_text(head + good, "utf-8")
    assert (await ahual("import", table, "--check")).exit_code == 0
    assert await stored(database, tables.registered_device) == []
    assert (await ahual("import", table)).exit_code == 0
    (device,) = await stored(database, tables.registered_device)
    assert (device["device"], device["attached_to"]) == ("meter-1", "b-1")
    table.write_text("city,system,device,colour\n", "utf-8")
    assert "colour" in (await ahual("import", table)).output


async def test_objects_are_registered_and_a_city_vouches_for_totals(
    ahual: Run, database: AsyncEngine, tmp_path: Path
) -> None:
    table = tmp_path / "buildings.csv"
    table.write_text(
        "city,kind,object,latitude,longitude,networks\nkaraganda,building,b-1,49.8,73.1,water heat\n"
        "karaganda,building,b-2,,,water\n",
        "utf-8",
    )
    assert (await ahual("objects", table, "--check")).exit_code == 0
    assert await stored(database, tables.registered_object) == []
    assert (await ahual("objects", table)).exit_code == 0
    objects = await stored(database, tables.registered_object)
    assert [row["networks"] for row in objects] == [["water", "heat"], ["water"]]
    totals = ("buildings_on_water", "buildings_smart_water")
    assert "does not count roofs" in (await ahual("vouch", "karaganda", "roofs")).output
    assert (await ahual("vouch", "karaganda", *totals, "--since", "2026-03-01")).exit_code == 0
    vouched = await stored(database, tables.complete_total)
    assert {row["total"]: str(row["since"]) for row in vouched} == dict.fromkeys(totals, "2026-03-01")
    assert (await ahual("vouch", "karaganda", totals[1], "--withdraw")).exit_code == 0
    assert [row["total"] for row in await stored(database, tables.complete_total)] == [totals[0]]
    assert (await ahual("vouch", "atlantis", totals[0])).exit_code == 1
