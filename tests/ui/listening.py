"""What is wrong with a view for who listens to it: Chromium's accessibility tree, and what speaks by itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from playwright.async_api import Page

NAMED: Final = (
    *("button", "link", "image", "graphics-document", "graphics-symbol", "Canvas", "figure", "dialog", "region"),
    *("navigation", "table", "grid", "combobox", "searchbox", "textbox", "checkbox", "radio", "slider", "tab"),
)
"""Roles (as Chromium calls them) that say nothing without a name. A table in a named region has one."""
CHATTER_S: Final = 10.0
CHATTER_MAX: Final = 2
"""So often a live view may speak by itself in that time: figures change by the second, and are read when asked for."""
_CHARTS: Final = """() => [...document.querySelectorAll("[data-visualisation][role=img]")]
  .map((chart) => chart.getAttribute("aria-label") ?? "")"""
_LISTEN: Final = """() => {
  const live = "[role=status],[role=alert],[aria-live=polite],[aria-live=assertive]";
  const last = new Map([...document.querySelectorAll(live)].map((region) => [region, region.textContent.trim()]));
  window.spoken = [];
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const region = (target.nodeType === 1 ? target : target.parentElement)?.closest(live);
      const text = region?.textContent.trim();
      if (text && text !== last.get(region)) window.spoken.push(text);
      if (region) last.set(region, text);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def unheard(page: Page) -> list[str]:
    """What has no name, charts that do not say what they show, headings that make no outline, a missing language."""
    session = await page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = (await session.send("Accessibility.getFullAXTree"))["nodes"]
    await session.detach()
    by_id = {node["nodeId"]: node for node in nodes}
    heard = [node for node in nodes if not node.get("ignored")]
    wrong = [f"{_role(node)} without a name" for node in heard if _role(node) in NAMED and not _named(node, by_id)]
    charts: list[str] = await page.evaluate(_CHARTS)
    wrong += [
        f"a chart says only {label!r}" for label in charts if not any(map(str.isdigit, label)) and ":" not in label
    ]
    if not await page.evaluate("document.documentElement.lang"):
        wrong.append("the page says no language")
    if any(_role(node) == "dialog" for node in heard):
        return wrong  # all else is out of reach meanwhile
    return wrong + list(_outline([level for node in heard if (level := _level(node))]))


async def spoken(page: Page, seconds: float = CHATTER_S) -> list[str]:
    """What the page says by itself meanwhile: its live regions' texts as they change."""
    await page.evaluate(_LISTEN)
    await page.wait_for_timeout(seconds * 1000)
    said: list[str] = await page.evaluate("window.spoken")
    return said


def _outline(levels: list[int]) -> Iterator[str]:
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of level 1"
    yield from (
        f"a heading of level {after} follows one of {before}"
        for before, after in pairwise(levels)
        if after > before + 1
    )


def _role(node: dict[str, Any]) -> str:
    return str(node.get("role", {}).get("value", ""))


def _level(node: dict[str, Any]) -> int | None:
    if _role(node) != "heading":
        return None
    return next((int(one["value"]["value"]) for one in node.get("properties", ()) if one["name"] == "level"), None)


def _named(node: dict[str, Any], by_id: dict[str, dict[str, Any]]) -> bool:
    if node.get("name", {}).get("value", "").strip():
        return True
    parent = by_id.get(node.get("parentId", ""))
    while parent is not None and parent.get("ignored"):
        parent = by_id.get(parent.get("parentId", ""))
    return _role(node) == "table" and parent is not None and _role(parent) == "region" and _named(parent, by_id)
