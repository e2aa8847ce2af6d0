"""Debian's Chromium, and a page that remembers whatever it must not do."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright

from services.api.dashboard import BUILT, INDEX

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium: Final = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium on PATH (Debian: apt-get install chromium)"
)
needs_dashboard: Final = pytest.mark.skipif(
    not (BUILT / INDEX).exists(), reason="the dashboard is not built (`make dashboard`, Node 20.19 or newer)"
)
ARGUMENTS: Final = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
"""Tests may run as root and on machines without a graphics card; the map wants WebGL."""
DESK: Final = (1440, 900)
_SHIFTS: Final = """
window.shifted = 0;
window.moved = [];
new PerformanceObserver((list) => {
  for (const { hadRecentInput, value, sources } of list.getEntries()) {
    if (hadRecentInput) continue;
    window.shifted += value;
    window.moved.push([value, sources.map(({ node }) => node?.outerHTML?.slice(0, 80) ?? node?.textContent)]);
  }
}).observe({ type: "layout-shift", buffered: true });
"""


@dataclass
class Watched:
    """A page, and what was wrong with it so far: errors on its console, requests to other hosts."""

    page: Page
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """One browser process."""
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        try:
            yield launched
        finally:
            await launched.close()


@asynccontextmanager
async def watched(browser: Browser, address: str, size: tuple[int, int] = DESK) -> AsyncIterator[Watched]:
    """A page without cookies and cache, to be sent to `address`."""
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = await context.new_page()
    await page.add_init_script(_SHIFTS)
    found = Watched(page)
    own = urlsplit(address).netloc

    def requested(url: str) -> None:
        asked = urlsplit(url)
        if asked.scheme in ("http", "https", "ws", "wss") and asked.netloc != own:
            found.wrong.append(f"outside: {url}")

    page.on("console", lambda said: found.wrong.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: found.wrong.append(f"error: {error}"))
    page.on("request", lambda asked: requested(asked.url))
    page.on("websocket", lambda opened: requested(opened.url))
    try:
        yield found
    finally:
        await context.close()
