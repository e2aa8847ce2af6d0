"""The wall on its screen: all of it in one sight, also while notices to people stand."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playwright.async_api import Browser, expect

from tests.ui.chromium import watched
from tests.ui.looking import judged, open_view

SCREEN: Final = (1920, 1080)
RULES: Final = Path(__file__).with_name("notify.yaml")
WITHIN_MS: Final = 60_000
"""The notifier looks every 15 s, the page asks every 30 s."""
_BELOW: Final = "() => document.querySelector('main .panels').getBoundingClientRect().bottom - innerHeight"


async def wall(browser: Browser, address: str, lang: str, theme: str, picture: Path | None) -> list[str]:
    """What is wrong with it."""
    async with watched(browser, address, SCREEN) as found:
        await open_view(found.page, address, "", lang, theme)
        await expect(found.page.locator("[data-testid=notices] li")).not_to_have_count(0, timeout=WITHIN_MS)
        if picture is not None:
            await found.page.screenshot(path=picture)
        below = await found.page.evaluate(_BELOW)
        return [*await judged(found), *([f"{below:.0f} px out of sight"] if below > 0 else [])]
