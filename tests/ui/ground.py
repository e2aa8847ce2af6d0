"""The base map from vector tiles of another origin: drawn in both schemas and themes, else told in words why not."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from playwright.async_api import Browser, Page, Route

from deploy.stack import Stack
from simulators.cities import City
from tests.ui import tiles
from tests.ui.beside import api_beside
from tests.ui.chromium import watched
from tests.ui.looking import THEMES, judged, open_view

SEED: Final = 109
WATER: Final = (0xCF, 0xE2, 0xEE)
"""In the light theme."""
SHARE: Final = 0.004
"""Of the picture, in the colour of water: the simulated lake fills about a hundredth."""
_COLOUR: Final = """async ([picture, token]) => {
  const probe = document.createElement("span");
  probe.style.color = `var(--${token})`;
  document.body.append(probe);
  const [red, green, blue] = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
  probe.remove();
  const bytes = Uint8Array.from(atob(picture), (one) => one.charCodeAt(0));
  const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.width, image.height);
  const near = (at, one) => Math.abs(data[at] - one) <= 2;
  let found = 0;
  for (let at = 0; at < data.length; at += 4) found += near(at, red) && near(at + 1, green) && near(at + 2, blue);
  return found / (data.length / 4);
}"""


class Case(NamedTuple):
    """An address, and what the page must do with it."""

    path: str
    kind: str
    drawn: bool = True
    themes: tuple[str, ...] = THEMES
    said: str = ""
    """Part of what it must say instead, in English."""


CASES: Final = {
    "protomaps": Case("/protomaps.pmtiles", "pmtiles"),
    "openmaptiles": Case("/openmaptiles.pmtiles", "pmtiles"),
    "files": Case("/{z}/{x}/{y}.pbf", "vector"),
    "pictures": Case("/pictures.pmtiles", "pmtiles", themes=("light",)),
    "unknown": Case("/unknown.pmtiles", "pmtiles", drawn=False, said="unknown schema"),
    "broken": Case("/broken.pmtiles", "pmtiles", drawn=False, said="could not be read"),
    "gone": Case("/gone.pmtiles", "pmtiles", drawn=False, said="could not be read"),
    "no files": Case("/gone/{z}/{x}/{y}.pbf", "vector", drawn=False, said="nothing to draw"),
}

LOOKS: Final = [(name, theme) for name, case in CASES.items() for theme in (case.themes if case.drawn else THEMES[:1])]


def files(city: City) -> Mapping[str, bytes]:
    """What the other origin has."""
    layers = tiles.protomaps(SEED, city)
    other = tiles.openmaptiles(layers)
    made = tiles.tiles(layers)
    watery = dict.fromkeys(made, gzip.compress(tiles.picture(*WATER)))
    return {
        "/pictures.pmtiles": tiles.archive(watery, [], tiles.PNG),
        "/protomaps.pmtiles": tiles.archive(made, layers),
        "/openmaptiles.pmtiles": tiles.archive(tiles.tiles(other), other),
        "/unknown.pmtiles": tiles.archive(made, ["countries"]),
        "/broken.pmtiles": b"<html>Not found</html>" * 1000,
        **{f"/{zoom}/{x}/{y}.pbf": content for (zoom, x, y), content in made.items()},
    }


async def ground(browser: Browser, stack: Stack, city: City, pictures: Path | None = None) -> list[str]:
    """What is wrong with the map of an installation whose tiles come from another origin."""
    wrong: list[str] = []
    with tiles.served(files(city)) as origin:
        own = {"AHUAL_MAP_TILES": f"{origin}/protomaps.pmtiles", "AHUAL_MAP_ATTRIBUTION": "© Trial"}
        async with api_beside(stack, own) as address:
            for name, theme in LOOKS:
                picture = pictures and pictures / f"ground-{name.replace(' ', '-')}-{theme}.png"
                found = await _look(browser, address, origin, city, CASES[name], theme, picture)
                wrong += [f"{name}, {theme}: {one}" for one in found]
    return wrong


async def _look(
    browser: Browser, address: str, origin: str, city: City, case: Case, theme: str, picture: Path | None
) -> list[str]:
    async def instead(route: Route) -> None:
        told = {"url": f"{origin}{case.path}", "kind": case.kind, "attribution": "© Trial"}
        await route.fulfill(body=json.dumps(told), content_type="application/json")

    async with watched(browser, address) as found:
        page = found.page
        await page.route("**/api/v1/base-map", instead)
        await open_view(page, address, "map", "en", theme, f"&city={city.code}&layers=parking")
        await page.wait_for_selector("[data-idle=true]")
        await page.wait_for_timeout(1500)
        shot = await page.locator(".map").screenshot(path=picture)
        wrong = await _seen(page, case, shot)
        ours = (f"outside: {origin}/", *(("console: Failed to load resource",) if not case.drawn else ()))
        return wrong + [one for one in await judged(found) if not one.startswith(ours)]


async def _seen(page: Page, case: Case, shot: bytes) -> list[str]:
    said = await page.locator(".map .unread").all_inner_texts()
    water = await page.evaluate(_COLOUR, [base64.b64encode(shot).decode(), "map-water"])
    parks = await page.locator("[aria-labelledby=objects-title] tbody tr").count()
    wrong = [] if parks > 1 else ["the layers do not work"]
    if (water > SHARE) is not case.drawn:
        wrong.append(f"water is {water:.2%} of the picture")
    if not (case.said in said[0] if case.said and said else case.said == "" and not said):
        wrong.append(f"says {said}")
    return wrong
