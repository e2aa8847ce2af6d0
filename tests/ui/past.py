"""The time slider: what schemes and map show of a past instant is what the database holds of it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from math import floor
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from playwright.async_api import Browser, Page, expect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.runtime.clock import utc_now
from tests.ui.chromium import watched
from tests.ui.looking import open_view

STEP: Final = timedelta(minutes=10)
SAID: Final = {
    "low": "Below its limit",
    "high": "Above its limit",
    "silent": "The sensor is silent",
    "outage": "Supply is interrupted",
}
SHOWN: Final = {"flow": 3600.0, "pressure": 0.001}
"""What a kept value is multiplied with to be shown, without decimals."""
# Written anew, and not the API's: pipes with what their devices last said within two hours of the instant.
_PIPES: Final = sa.text("""
    SELECT f.name->>'en' AS name, c.value->>'quantity' AS quantity, o.value,
      (f.properties->'limits'->(c.value->>'quantity')->>'least')::float AS least,
      (f.properties->'limits'->(c.value->>'quantity')->>'most')::float AS most
    FROM registered_device AS d
    JOIN city_feature AS f ON (f.city, f.kind, f.object) = (d.city, d.attached_kind, d.attached_to)
    CROSS JOIN jsonb_each(d.channels) AS c
    LEFT JOIN LATERAL (
      SELECT value FROM observation WHERE city = d.city AND kind = 'device' AND object = d.system || '/' || d.device
        AND channel = c.key AND time < :at AND time >= CAST(:at AS timestamptz) - interval '2 hours'
      ORDER BY time DESC LIMIT 1
    ) AS o ON true
    WHERE d.city = :city AND d.attached_kind = 'water_edge'
""")
_OUTAGES: Final = sa.text("""
    SELECT count(*) FROM (
      SELECT DISTINCT ON (object) value FROM observation
      WHERE city = :city AND kind = 'water_outage' AND time < :at ORDER BY object, time DESC
    ) AS newest WHERE value = 1
""")
_LOW: Final = sa.text("""
    SELECT max(o.bucket) FROM observation AS o
    JOIN registered_device AS d ON d.city = o.city AND o.object = d.system || '/' || d.device
    JOIN city_feature AS f ON (f.city, f.kind, f.object) = (d.city, d.attached_kind, d.attached_to)
    WHERE o.city = :city AND o.kind = 'device' AND o.channel = 'P' AND f.kind = 'water_edge'
      AND o.value < (f.properties->'limits'->'pressure'->>'least')::float AND o.bucket < :before
""")
_PARKS: Final = sa.text("""
    SELECT f.name->>'en' AS name, o.value FROM city_feature AS f
    JOIN LATERAL (
      SELECT value FROM observation WHERE city = f.city AND kind = 'car_park' AND object = f.object
        AND channel = 'occupancy' AND time < :at AND time >= CAST(:at AS timestamptz) - interval '2 hours'
      ORDER BY time DESC LIMIT 1
    ) AS o ON true
    WHERE f.city = :city AND f.kind = 'car_park'
""")
_TABLE: Final = """() => [...document.querySelectorAll("[aria-labelledby=%s] tbody tr")].map((row) =>
  [...row.children].map((cell) => (cell.querySelector("button") ?? cell.firstChild)?.textContent.trim() ?? ""))"""
_ALARMS: Final = """() =>
  [...document.querySelectorAll("[aria-labelledby=alarms-title] .tag")].map((one) => one.textContent)"""


class Held(NamedTuple):
    """What the database holds of an instant, and the page must show."""

    pipes: list[tuple[str, str, str]]
    """Name, flow and pressure as shown, in order."""
    alarms: Counter[str]


async def past(browser: Browser, address: str, city: str, engine: AsyncEngine) -> list[str]:
    """What is wrong when somebody goes back to the newest moment of low pressure that is some hours old."""
    async with engine.connect() as connection:
        bucket = await connection.scalar(_LOW, {"city": city, "before": utc_now() - timedelta(hours=3)})
        if bucket is None:
            return ["no pressure was ever too low: nothing to look at"]
        at = bucket + STEP
        held = await _held(connection, city, at)
        parks = {row.name: row.value for row in await connection.execute(_PARKS, {"city": city, "at": at})}
    wrong: list[str] = []
    async with watched(browser, address) as found:
        page = found.page
        await open_view(page, address, "mnemonic", "en", "light", f"&city={city}&network=water")
        alive = await _shown(page)
        await _go(page, at)
        seen = await _shown(page)
        wrong += _differences(seen, held)
        link = page.url
        await page.get_by_role("button", name="Back to now").click()
        await expect(page.get_by_test_id("instant")).to_have_text("now")
        await page.wait_for_timeout(1500)
        if "at=" in page.url or [one[0] for one in (await _shown(page)).pipes] != [one[0] for one in alive.pipes]:
            wrong.append(f"back to now leads to {page.url}")
        wrong += found.wrong
    async with watched(browser, address) as other:
        await other.page.goto(link, wait_until="networkidle")
        await other.page.wait_for_timeout(1500)
        if await _shown(other.page) != seen:
            wrong.append(f"{link} shows somebody else something else")
        await other.page.goto(f"{link.partition('#')[0]}#/map?layers=parking&at={at:%Y-%m-%dT%H:%MZ}")
        await other.page.wait_for_timeout(3000)
        rows = await other.page.evaluate(_TABLE % "objects-title")
        shown = {row[0]: _number(row[2]) for row in rows}
        if not parks or {name: round(value, 1) for name, value in parks.items()} != shown:
            wrong.append(f"car parks: {shown}, but the database holds {parks}")
        wrong += other.wrong
    return wrong


async def _held(connection: AsyncConnection, city: str, at: datetime) -> Held:
    given = {"city": city, "at": at}
    rows = (await connection.execute(_PIPES, given)).all()
    alarms = Counter(kind for row in rows for kind in [_alarm(row)] if kind)
    alarms["outage"] = await connection.scalar(_OUTAGES, given) or 0
    figures = {(row.name, row.quantity): row.value for row in rows}
    names = sorted({row.name for row in rows})
    pipes = [(name, *(_told(figures[name, quantity], scale) for quantity, scale in SHOWN.items())) for name in names]
    return Held(pipes, +alarms)


def _alarm(row: Any) -> str | None:
    if row.value is None:
        return "silent"
    if row.least is not None and row.value < row.least:
        return "low"
    return "high" if row.most is not None and row.value > row.most else None


def _told(value: float | None, scale: float) -> str:
    return "–" if value is None else str(floor(value * scale + 0.5))


async def _go(page: Page, at: datetime) -> None:
    """Move the slider, as a hand would."""
    await page.get_by_role("button", name="14 days").click()
    step = STEP.total_seconds()
    steps = utc_now().timestamp() // step + 1 - at.timestamp() / step
    async with page.expect_response(lambda answer: "/schemes/water" in answer.url and "at=" in answer.url):
        await page.fill("#time-slider", f"{-steps:.0f}")
    await page.wait_for_timeout(500)


async def _shown(page: Page) -> Held:
    rows = await page.evaluate(_TABLE % "measured-title")
    pipes = sorted((row[0], _figure(row[1]), _figure(row[2])) for row in rows if "pipe" in row[0].lower())
    said = await page.evaluate(_ALARMS)
    return Held(pipes, Counter(kind for one in said for kind, words in SAID.items() if one.startswith(words)))


def _figure(said: str) -> str:
    return "–" if said == "–" else f"{_number(said):.0f}"


def _number(said: str) -> float:
    found = re.match(r"[\d,.]+", said)
    return float(found[0].replace(",", "")) if found else float("nan")


def _differences(seen: Held, held: Held) -> list[str]:
    wrong = []
    if seen.alarms != held.alarms:
        wrong.append(f"alarms {dict(seen.alarms)}, but the database says {dict(held.alarms)}")
    if len(held.pipes) < 2 or seen.pipes != held.pipes:
        wrong.append(f"pipes {seen.pipes}, but the database holds {held.pipes}")
    return wrong
