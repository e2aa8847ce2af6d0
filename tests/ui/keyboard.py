"""The table of KPIs without a mouse: search, choose, open, come back."""

from __future__ import annotations

from typing import Final

from playwright.async_api import Browser, Page

from tests.ui.chromium import watched
from tests.ui.looking import open_view

TABS_MAX: Final = 12
_AT: Final = "(place) => document.activeElement?.matches(place) ?? false"
_ACTIVE: Final = """() => {
  const [row, box] = [document.querySelector(".line.active"), document.querySelector(".body[role=rowgroup]")];
  if (!row) return "";
  const [inner, outer] = [row.getBoundingClientRect(), box.getBoundingClientRect()];
  return inner.top >= outer.top - 1 && inner.bottom <= outer.bottom + 1 ? row.textContent : "hidden";
}"""


async def keyboard(browser: Browser, address: str, query: str = "") -> list[str]:
    """What cannot be done."""
    wrong: list[str] = []
    async with watched(browser, address) as found:
        page = found.page
        await open_view(page, address, "kpis", "ru", "light", query)
        await page.keyboard.press("Tab")
        if not await page.evaluate(_AT, ".skip"):
            wrong.append("the first stop is not the link that skips the navigation")
        await page.keyboard.press("/")
        if not await page.evaluate(_AT, "input[type=search]"):
            wrong.append("/ does not search")
        await page.keyboard.type("2.1")
        if not await _tab_to(page, ".body[role=rowgroup]"):
            return [*wrong, "the rows cannot be reached"]
        await page.keyboard.press("End")
        last = await page.evaluate(_ACTIVE)
        await page.keyboard.press("Home")
        await page.keyboard.press("ArrowDown")
        chosen = await page.evaluate(_ACTIVE)
        if "hidden" in (last, chosen) or not chosen:
            wrong.append("the chosen row is out of sight")
        await page.keyboard.press("Enter")
        await page.wait_for_timeout(500)
        code = page.url.partition("#/kpis/")[2]
        if not code or not chosen.strip().startswith(code):
            wrong.append(f"Enter opened {page.url} from {chosen.strip()[:40]!r}")
        await page.go_back()
        await page.wait_for_timeout(500)
        if not page.url.endswith("#/kpis"):
            wrong.append(f"back leads to {page.url}")
        return [*wrong, *found.wrong]


async def _tab_to(page: Page, place: str) -> bool:
    for _ in range(TABS_MAX):
        await page.keyboard.press("Tab")
        if await page.evaluate(_AT, place):
            return True
    return False
