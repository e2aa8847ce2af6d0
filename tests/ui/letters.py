"""Rejected messages on the page: real ones of several reasons, hostile content harmless, one replayed."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, Page

from schemas.device import Device
from schemas.identity import Identity
from services.ingest.register import put
from services.runtime.clock import utc_now
from services.runtime.database import open_database
from simulators.publisher import Publisher
from simulators.senml import JSON
from tests.installation import Installation
from tests.scorer.events import answered
from tests.ui.chromium import watched
from tests.ui.looking import LANGUAGES, judged, open_view
from tests.waiting import eventually

MARKUP: Final = '<img src=x onerror="document.title=1">'
OVERRIDE: Final = "\u202e"
NAMED: Final = f"{MARKUP}{OVERRIDE}"
ROW_PX: Final = 420
"""A row that is higher is not bounded."""
_ROWS: Final = """() => [...document.querySelectorAll("[aria-labelledby=letters-title] tbody tr")].map((row) => ({
  cells: [...row.children].map((cell) => cell.innerText.trim()),
  height: row.getBoundingClientRect().height,
}))"""
_HARMED: Final = "() => document.title === '1' || document.querySelector('.detail img, .detail script') !== null"


def bad(city: str) -> Mapping[str, bytes]:
    """Messages for the channel of events, by the reason for which each must be rejected."""
    now = utc_now()
    good = json.loads(answered(now.isoformat(), now.isoformat(), city=city))
    told = json.dumps
    return {
        "malformed_json": b'{"id": ' + MARKUP.encode(),
        "invalid_utf8": b"\xff\xfe\x00\x00" + bytes(range(128, 256)),
        "empty": b"",
        "not_an_event": told([MARKUP, None, 2]).encode(),
        "unknown_type": told({**good, "type": f"kz.ahual.{NAMED}.v1"}).encode(),
        "invalid_field": told({**good, "data": {**good["data"], NAMED: "\0", "x" * 50_000: 1}}).encode(),
        "foreign_identity": told({**good, "source": f"/{city}/contact-centre/{NAMED}"}).encode(),
        "future_time": told({**good, "id": "tomorrow", "time": (now + timedelta(days=2)).isoformat()}).encode(),
        "oversized": b"[" + b" " * 1_000_000 + b"]",
        "too_deep": b"[" * 5_000 + b"]" * 5_000,
    }


async def letters(browser: Browser, trial: Installation, pictures: Path | None = None) -> list[str]:
    """What is wrong with the view of a city whose messages are rejected for all these reasons."""
    messages = bad(trial.city)
    sensor = Identity(trial.city, "environment", "air-1")
    async with _device(trial, Identity(trial.city, "contact-centre", "pbx-1")) as caller:
        for payload in messages.values():
            await caller.send(payload, 0.0, 10)
        await caller.drained()
    async with _device(trial, sensor, version=5) as station:
        await station.send(json.dumps([{"n": "dust", "u": "ug/m3", "v": 31}]).encode(), 0.0, 10, JSON)
        await station.drained()
    wrong: list[str] = []
    for lang in LANGUAGES:
        async with watched(browser, trial.api) as found:
            await open_view(found.page, trial.api, "quality", lang, "dark", f"&city={trial.city}")
            rows = await eventually(partial(_all, found.page, len(messages) + 1), within_s=30)
            wrong += [f"{lang}: {one}" for one in _misses(rows, messages)]
            wrong += await judged(found)
            wrong += [f"{lang}: {one}" for one in await _opened(found.page)]
            if pictures is not None:
                await found.page.screenshot(path=pictures / f"letters-{lang}.png", full_page=True)
            if lang == LANGUAGES[-1]:
                wrong += await _replayed(found.page, trial, sensor)
    return wrong


async def _opened(page: Page) -> list[str]:
    """What is wrong when everything that unfolds is open."""
    await page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true })")
    rows = await page.evaluate(_ROWS)
    wrong = [f"{row['cells'][1:3]} is {row['height']} px high" for row in rows if row["height"] > ROW_PX]
    harmed = await page.evaluate(_HARMED)
    return wrong + (["markup of a message became part of the page"] if harmed else [])


def _misses(rows: list[dict[str, list[str]]], messages: Mapping[str, bytes]) -> list[str]:
    """Reasons that are not told, or not in words."""
    named = [row["cells"][2] for row in rows]
    wrong = [f"not in words: {one}" for one in named if "_" in one or not one]
    if len(set(named)) != len(messages) + 1:
        wrong.append(f"{len(messages) + 1} reasons, but the page names {sorted(set(named))}")
    return wrong + [f"not explained: {row['cells']}" for row in rows if len(row["cells"][3]) < 20]


async def _all(page: Page, count: int) -> list[dict[str, list[str]]]:
    rows: list[dict[str, list[str]]] = await page.evaluate(_ROWS)
    assert len(rows) >= count, rows
    return rows


async def _replayed(page: Page, trial: Installation, sensor: Identity) -> list[str]:
    """Register the sensor, run the command that the page names, and see the page say so."""
    engine = open_database(trial.database_url, pool_size=1, application="tests")
    try:
        await put(engine, [Device.model_validate({**sensor._asdict(), "channels": "dust=pm2_5"})], "tests")
    finally:
        await engine.dispose()
    row = page.locator("[aria-labelledby=letters-title] tbody tr", has_text="environment/air-1")
    command = (await row.locator("code", has_text="ahual dlq replay").inner_text()).split()
    ahual = Path(sys.executable).with_name(command[0])
    done = await asyncio.create_subprocess_exec(ahual, *command[1:], env=trial.stack.env(), stdout=-1, stderr=-1)
    said = b"".join(await done.communicate()).decode()
    if done.returncode:
        return [f"{' '.join(command)}: {said}"]
    try:
        await row.locator(".tag.good").wait_for(timeout=20_000)
    except TimeoutError:
        return ["the page does not say that the message was replayed"]
    return []


@asynccontextmanager
async def _device(trial: Installation, device: Identity, version: int = 4) -> AsyncIterator[Publisher]:
    password = (await asyncio.to_thread(trial.passwords, [device]))[device]
    port = trial.stack.ports.mqtt
    connected = await Publisher.connect("127.0.0.1", port, device, password, lambda _p, _s: None, version=version)
    try:
        yield connected
    finally:
        await connected.close()
