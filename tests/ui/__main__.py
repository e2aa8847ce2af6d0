"""Every view of a running installation in a real browser: `python -m tests.ui [ADDRESS] [FOLDER FOR PICTURES]`.

In three languages and two themes: no error on the console, no request to another host, no text that is still a key, no
layout shift beyond 0.1 (CLS, "good"). Prints a line per picture and exits with 1 if anything is wrong.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from playwright.async_api import Browser, async_playwright

VIEWS: Final = ("", "kpis", "kpis/2.1", "map", "mnemonic", "quality", "rating", "public")
LANGUAGES: Final = ("kk", "ru", "en")
THEMES: Final = ("light", "dark")
SHIFT_MAX: Final = 0.1
SETTLED_MS: Final = 3000
_WATCH: Final = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
_KEYS: Final = r"() => (document.body.innerText.match(/\b[a-z]+(_[a-z0-9]+)+\b|undefined|\{\w+\}/g) ?? [])"


async def look(browser: Browser, address: str, view: str, lang: str, theme: str, folder: Path | None) -> list[str]:
    """What is wrong with one view."""
    wrong: list[str] = []
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await page.add_init_script(_WATCH)
    page.on("console", lambda said: wrong.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    own = urlsplit(address).netloc
    page.on(
        "request",
        lambda asked: (
            wrong.append(f"outside: {asked.url}")
            if urlsplit(asked.url).scheme in ("http", "https", "ws", "wss") and urlsplit(asked.url).netloc != own
            else None
        ),
    )
    await page.goto(f"{address}/?lang={lang}&theme={theme}#/{view}")
    await page.wait_for_timeout(SETTLED_MS)
    wrong += [f"key: {key}" for key in await page.evaluate(_KEYS)]
    shifted = await page.evaluate("window.shifted")
    if shifted > SHIFT_MAX:
        wrong.append(f"layout shift {shifted:.3f}")
    if folder is not None:
        await page.screenshot(path=folder / f"{view.replace('/', '-') or 'overview'}-{lang}-{theme}.png")
    await page.close()
    return wrong


async def main(address: str, folder: Path | None) -> int:
    """The number of views with something wrong."""
    bad = 0
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
        )
        for view in VIEWS:
            for lang in LANGUAGES:
                for theme in THEMES:
                    wrong = await look(browser, address, view, lang, theme, folder)
                    bad += bool(wrong)
                    sys.stdout.write(f"/{view} {lang} {theme}: {'; '.join(wrong) or 'well'}\n")
                    sys.stdout.flush()
        await browser.close()
    return bad


if __name__ == "__main__":
    given = sys.argv[1:]
    pictures = Path(given[1]) if len(given) > 1 else None
    sys.exit(bool(asyncio.run(main(given[0] if given else "http://127.0.0.1:18080", pictures))))
