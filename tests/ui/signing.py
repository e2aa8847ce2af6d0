"""The form for signing in: as well as every view, refuses in words, lets in, and out again; a session that ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import sqlalchemy as sa
from playwright.async_api import Browser, Page, Route, expect
from pydantic import SecretStr

from schemas.tables import user_session
from services.cli.demo import CITY, USER
from services.runtime.database import open_database
from tests.ui.chromium import Watched, watched
from tests.ui.looking import judged, open_view

DIALOG: Final = "dialog[open]"
REFUSED: Final = "status of 403"
"""What Chromium writes to the console of a refused attempt; nothing else may be there."""

CLOSED: Final = f"/api/v1/cities/{CITY.code}/sources/summary"
LIVES: Final = "section[aria-labelledby=sources-title]"
SLOW_S: Final = 8.0
QUIET_MS: Final = 8000
"""Longer than the five seconds after which sources are read again."""


async def form(browser: Browser, address: str, lang: str, theme: str, picture: Path | None) -> list[str]:
    """What is wrong with the form as it opens."""
    async with watched(browser, address) as found:
        await _open(found, address, lang, theme)
        if picture is not None:
            await found.page.screenshot(path=picture)
        return await judged(found)


async def signing(browser: Browser, address: str, password: str) -> list[str]:
    """What cannot be done with a wrong password and the right one."""
    async with watched(browser, address) as found:
        page = found.page
        await _open(found, address, "ru", "light")
        for given in (f"{password}-not", password):
            await _enter(page, given)
            if given != password:
                await expect(page.locator(f"{DIALOG} [role=alert]")).not_to_be_empty()
        await expect(page.locator("[data-testid=user]")).to_have_text(USER)
        await expect(page.locator(DIALOG)).to_have_count(0)
        await page.click(".who button")
        await expect(page.locator("[data-testid=user]")).to_have_count(0)
        return [one for one in found.wrong if REFUSED not in one]


async def ending(browser: Browser, address: str, password: str, database: SecretStr) -> list[str]:
    """What is wrong when the session of an open page ends at the server: nothing closed is asked for after the first
    refusal, even while it is not yet known why; what stood there stays; signing in again goes on."""
    async with watched(browser, address) as found:
        page, asked = found.page, Asked()
        await _open(found, address, "kk", "dark", "quality")
        await _enter(page, password)
        await expect(page.locator(LIVES)).to_have_count(1)
        page.on("request", lambda request: asked.request(urlsplit(request.url).path))
        page.on("response", lambda answer: asked.answer(answer.status))
        await page.route("**/api/v1/session", _slowly)
        await _end_sessions(database)
        await expect(page.locator("[data-testid=ended]")).to_be_visible(timeout=30_000)
        await page.wait_for_timeout(QUIET_MS)
        after = list(asked.after)
        kept = await page.locator(LIVES).count()
        await _enter(page, password)
        async with page.expect_response(lambda answer: answer.url.endswith(CLOSED) and answer.ok):
            await expect(page.locator("[data-testid=ended]")).to_have_count(0)
        wrong = [one for one in found.wrong if REFUSED not in one]
        return wrong + [f"asked after a refusal: {one}" for one in after] + (["the view is lost"] if not kept else [])


@dataclass
class Asked:
    """What is asked of the closed routes after the first refusal."""

    refused: bool = False
    after: list[str] = field(default_factory=list)

    def request(self, path: str) -> None:
        if self.refused and "/cities/" in path and any(part in path for part in ("/sources", "/dead-letters")):
            self.after.append(path)

    def answer(self, status: int) -> None:
        self.refused = self.refused or status == HTTPStatus.FORBIDDEN


async def _slowly(route: Route) -> None:
    if route.request.method == "GET":
        await asyncio.sleep(SLOW_S)
    await route.continue_()


async def _end_sessions(database: SecretStr) -> None:
    engine = open_database(database, pool_size=1, application="tests")
    try:
        async with engine.begin() as connection:
            await connection.execute(sa.delete(user_session).where(user_session.c.name == USER))
    finally:
        await engine.dispose()


async def _enter(page: Page, password: str) -> None:
    await page.fill(f"{DIALOG} input[name=username]", USER)
    await page.fill(f"{DIALOG} input[name=password]", password)
    await page.keyboard.press("Enter")


async def _open(found: Watched, address: str, lang: str, theme: str, view: str = "") -> None:
    await open_view(found.page, address, view, lang, theme)
    await found.page.click(".who button")
    await found.page.wait_for_selector(DIALOG)
