"""The lines that the pages of docs/systems and docs/telemetry.md ask a reader to try, tried."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from deploy.stack import Stack
from schemas.events.registry import EVENT_TYPES
from services.cli.main import build
from tests.ingest.conftest import GatewayProcess, Written
from tests.ingest.test_telemetry import events

pytestmark = pytest.mark.stack
DOCS = Path(__file__).parents[2] / "docs"
SYSTEMS = sorted({model.system for model in EVENT_TYPES.values() if model.system})
MAST = "karaganda/environment/mast-1"


def lines_of(system: str) -> str:
    page = (DOCS / "systems" / f"{system}.md").read_text("utf-8")
    found = re.search(r"## Try it\n.*?```sh\n(.*?)\n```", page, re.DOTALL)
    assert found, f"{system}.md has nothing to try"
    return found[1]


def visitor(stack: Stack, folder: Path, systems: list[str]) -> None:
    """A folder as it is while `make demo` runs; accounts are made at once, each start of `ahual` takes a second."""
    passwords = stack.add_devices([f"karaganda/{system}/visitor" for system in systems])
    (folder / ".stack").mkdir()
    (folder / ".stack" / "demo.env").write_text(f"AHUAL_DEMO_MQTT_PORT={stack.ports.mqtt}\n", "utf-8")
    told = "\n".join(f"""{name}) echo '{{"password": "{secret}"}}';;""" for name, secret in passwords.items())
    ahual = folder / ".venv" / "bin" / "ahual"
    ahual.parent.mkdir(parents=True)
    ahual.write_text(f'#!/bin/sh\ncase "$3" in\n{told}\nesac\n', "utf-8")
    ahual.chmod(0o700)


async def shell(stack: Stack, folder: Path, script: str) -> None:
    path = f"{stack.program_path('mosquitto_pub').parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_exec(
        "sh", "-euc", script, cwd=folder, env={"PATH": path}, stderr=asyncio.subprocess.PIPE
    )
    _, said = await process.communicate()
    assert (process.returncode, said) == (0, b""), script


async def test_every_page_of_a_system_can_be_tried(
    stack: Stack, gateway: GatewayProcess, written: Written, tmp_path: Path
) -> None:
    await asyncio.to_thread(visitor, stack, tmp_path, SYSTEMS)
    await asyncio.gather(*(shell(stack, tmp_path, lines_of(system)) for system in SYSTEMS))
    await written.until(lambda: len(written.events) + len(written.letters) >= len(SYSTEMS))
    assert [(letter.system, letter.reason, letter.detail) for letter in written.letters] == []
    assert sorted(event["source"] for event in events(written)) == [f"/karaganda/{name}/visitor" for name in SYSTEMS]


def commands() -> tuple[list[str], str]:
    """What `docs/telemetry.md` says under "Register, then send": options of `register`, and the line that sends."""
    text = (DOCS / "telemetry.md").read_text("utf-8").replace("\\\n", "")
    section = text.split("## Register, then send")[1].split("\n## ")[0]
    block = "\n".join(line.strip() for line in section.splitlines())
    register = re.search(r"ahual (device register .*)", block)
    send = re.search(r"mosquitto_pub .*?(?=\n\n|\nahual)", block, re.DOTALL)
    assert register and send  # noqa: PT018
    return [quoted or plain for quoted, plain in re.findall(r"'([^']*)'|(\S+)", register[1])], send[0]


async def test_a_vendor_registers_sends_and_is_told_what_became_of_it(
    stack: Stack, database: AsyncEngine, gateway: GatewayProcess, tmp_path: Path
) -> None:
    env = {**stack.env(), "AHUAL_LANG": "en"}

    async def ahual(*argv: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, build("device"), list(argv), env=env)

    register, send = commands()
    assert (await ahual(*register)).exit_code == 0
    password = await asyncio.to_thread(stack.add_device, MAST)
    given = f"PORT={stack.ports.mqtt}; PASSWORD={password}\n"
    listening = asyncio.create_task(ahual("device", "check", MAST, "--listen", "4", "--json"))
    await asyncio.sleep(2.5)
    await shell(stack, tmp_path, given + send)
    await shell(stack, tmp_path, given + send.replace('"v":-4', '"v":900'))
    heard = await listening
    assert heard.exit_code == 1
    verdicts = json.loads(heard.stdout)
    told = {(one["accepted"], one["readings"], one["reason"], one["field"]) for one in verdicts}
    # What is taken in and what is not are two topics: which of them is heard first is not promised.
    assert (len(verdicts), told) == (
        3,
        {(True, 3, "", None), (True, 2, "", None), (False, None, "impossible_value", "$[0]")},
    )
    silent = await ahual("device", "check", MAST, "--listen", "1")
    assert (silent.exit_code, "Traceback" in silent.output) == (1, False)
