"""What a page showed, frame by frame: which figure, how old, and whether it looked alive."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from playwright.async_api import Page

_RECORD: Final = """(place) => {
  const shown = (window.shown = []);
  let last = "";
  const look = () => {
    const now = [
      document.querySelector(place)?.textContent.trim() ?? "",
      document.querySelector("[data-state]")?.dataset.state ?? "",
      document.querySelector("[data-testid=age]")?.textContent.trim() ?? "",
      document.querySelector(".aged") !== null,
    ];
    if (JSON.stringify(now) !== last) {
      last = JSON.stringify(now);
      shown.push([Date.now(), ...now]);
    }
    requestAnimationFrame(look);
  };
  look();
}"""


class Shown(NamedTuple):
    """What changed at one frame; `at` in ms since 1970."""

    at: int
    figure: str
    state: str
    age: str
    aged: bool

    @property
    def age_s(self) -> int | None:
        """The number in the age, while that is still told in seconds."""
        number = re.search(r"\d+", self.age)
        return int(number[0]) if number else None


async def record(page: Page, figure: str) -> None:
    """Begin; `figure` is the selector of a number to follow. A reload of the page ends it."""
    await page.evaluate(_RECORD, figure)


async def recorded(page: Page) -> list[Shown]:
    """Everything so far."""
    return [Shown(*one) for one in await page.evaluate("window.shown")]
