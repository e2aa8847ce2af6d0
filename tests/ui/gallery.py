"""The pictures of docs/gallery: one of every view, languages and themes in turn, as WebP."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Final

from playwright.async_api import Browser

from tests.ui.chromium import watched
from tests.ui.looking import open_view

PICTURES: Final = {
    "wall": ("", "kk", "dark"),
    "kpis": ("kpis", "ru", "light"),
    "kpi": ("kpis/2.1", "en", "light"),
    "map": ("map?view=3d", "kk", "light"),
    "mnemonic": ("mnemonic", "ru", "dark"),
    "quality": ("quality", "en", "light"),
    "rating": ("rating", "ru", "dark"),
    "public": ("public", "kk", "light"),
}
QUALITY: Final = 82
DRAWN_MS: Final = 4000
"""Maps fade in."""


async def take(browser: Browser, address: str, folder: Path) -> None:
    """Write them to a folder that is there."""
    for name, (view, lang, theme) in PICTURES.items():
        async with watched(browser, address) as found:
            await open_view(found.page, address, view, lang, theme)
            await found.page.wait_for_timeout(DRAWN_MS)
            session = await found.page.context.new_cdp_session(found.page)
            shot = await session.send("Page.captureScreenshot", {"format": "webp", "quality": QUALITY})
            (folder / f"{name}.webp").write_bytes(base64.b64decode(shot["data"]))
