"""The form for signing in: as well as every view, refuses in words, lets in, and out again."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect

from services.cli.demo import USER
from tests.ui.chromium import Watched, watched
from tests.ui.looking import judged, open_view

DIALOG: Final = "dialog[open]"
REFUSED: Final = "status of 403"
"""What Chromium writes to the console of a refused attempt; nothing else may be there."""


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
            await page.fill(f"{DIALOG} input[name=username]", USER)
            await page.fill(f"{DIALOG} input[name=password]", given)
            await page.keyboard.press("Enter")
            if given != password:
                await expect(page.locator(f"{DIALOG} [role=alert]")).not_to_be_empty()
        await expect(page.locator("[data-testid=user]")).to_have_text(USER)
        await expect(page.locator(DIALOG)).to_have_count(0)
        await page.click(".who button")
        await expect(page.locator("[data-testid=user]")).to_have_count(0)
        return [one for one in found.wrong if REFUSED not in one]


async def _open(found: Watched, address: str, lang: str, theme: str) -> None:
    await open_view(found.page, address, "", lang, theme)
    await found.page.click(".who button")
    await found.page.wait_for_selector(DIALOG)
