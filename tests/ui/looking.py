"""What is wrong with a view: beyond its errors and requests, what a reader would see or could not reach."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Browser, Page

from tests.ui.chromium import DESK, Watched, watched
from tests.ui.listening import CHATTER_MAX, spoken, unheard

VIEWS: Final = ("", "kpis", "kpis/2.1", "map", "mnemonic", "quality", "rating", "public")
LANGUAGES: Final = ("kk", "ru", "en")
THEMES: Final = ("light", "dark")
PHONE: Final = (390, 844)
SHIFT_MAX: Final = 0.1
"""Cumulative layout shift: what is "good" by the web vitals."""
SETTLED_MS: Final = 1500
LOADED_MS: Final = 60_000
AXE: Final = Path(__file__).parents[2] / "services" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_KEYS: Final = r"() => document.body.innerText.match(/\b[a-z]+(_[a-z0-9]+)+\b|\bundefined\b|\bNaN\b|\{\w+\}/g) ?? []"
_WIDE: Final = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
_JUDGE: Final = """async (tags) => {
  const found = await axe.run(document, { runOnly: tags, resultTypes: ["violations"] });
  const said = ({ any, failureSummary }) => any[0]?.message ?? failureSummary;
  const where = (node) => `${node.target.join(" ")}: ${said(node)}`;
  return found.violations.map(({ id, nodes }) => `${id} ×${nodes.length} at ${where(nodes[0])}`);
}"""


async def look(
    browser: Browser,
    address: str,
    view: str,
    lang: str,
    theme: str,
    *,
    size: tuple[int, int] = DESK,
    picture: Path | None = None,
    query: str = "",
) -> list[str]:
    """Open a view afresh, let it settle, judge it."""
    async with watched(browser, address, size) as found:
        await open_view(found.page, address, view, lang, theme, query)
        if picture is not None:
            await found.page.screenshot(path=picture)
        return await judged(found)


async def open_view(page: Page, address: str, view: str, lang: str, theme: str, query: str = "") -> None:
    """Go there and wait until nothing is asked any more."""
    asked = f"{address}/?lang={lang}&theme={theme}{query}#/{view}"
    await page.goto(asked, wait_until="networkidle", timeout=LOADED_MS)
    await page.wait_for_timeout(SETTLED_MS)


async def judged(found: Watched) -> list[str]:
    """Everything wrong with the page as it is now."""
    page = found.page
    wrong = [*found.wrong, *(f"key: {key}" for key in await page.evaluate(_KEYS))]
    shifted = await page.evaluate("window.shifted")
    if shifted > SHIFT_MAX:
        _, moved = max(await page.evaluate("window.moved"))
        wrong.append(f"layout shift {shifted:.3f}, of {moved}")
    wide = await page.evaluate(_WIDE)
    if wide > 0:
        wrong.append(f"{wide} px wider than the window")
    return [*wrong, *await unheard(page), *await barriers(page)]


async def chatter(browser: Browser, address: str, view: str, lang: str) -> list[str]:
    """What a view says by itself while it lives, if that is too much for who listens."""
    async with watched(browser, address) as found:
        await open_view(found.page, address, view, lang, "dark")
        said = await spoken(found.page)
    return [f"says {len(said)} times something: {said[:5]}"] if len(said) > CHATTER_MAX else []


async def barriers(page: Page) -> list[str]:
    """What axe-core finds against WCAG 2.2 A and AA; nothing where it is not installed."""
    if not AXE.exists():
        return []
    await page.evaluate(AXE.read_text("utf-8"))
    said: list[Any] = await page.evaluate(_JUDGE, RULES)
    return [f"axe: {one}" for one in said]
