"""The page in a real browser: languages, themes, narrow screens, and what it says when the feed breaks.

`AHUAL_SCREENSHOTS=folder` keeps pictures to look at.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas import tables
from services.scorer.sensing import Run
from tests.api.conftest import Api, running
from tests.api.heard import hear
from tests.api.samples import CITY, snapshot, store
from tests.ui.chromium import chromium, needs_chromium

pytestmark = [pytest.mark.stack, pytest.mark.browser, needs_chromium]
HEADINGS = {
    "kk": "CityScore индексі · Қарағанды",
    "ru": "Индекс CityScore · Караганда",
    "en": "CityScore index · Karaganda",
}
NUMBERS = {"kk": "14,2 сек", "ru": "14,2 сек", "en": "14.2 s"}


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


async def opened(browser: Browser, api: Api, query: str = "", *, width: int = 1280, height: int = 900) -> Page:
    """The page with its figures there. Whatever it logs as an error, or asks of another host, fails the test."""
    page = await browser.new_page(viewport={"width": width, "height": height})
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    page.on("request", lambda request: _own(request.url, api))
    await page.goto(f"{api.url}/?city={CITY}{query}")
    await expect(page.locator("#rows tr").first).to_be_visible()
    return page


def _own(url: str, api: Api) -> None:
    if not url.startswith((api.url, api.ws, "data:")):
        pytest.fail(f"the page asked {url}")


async def pictured(page: Page, name: str) -> None:
    folder = os.environ.get("AHUAL_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def now() -> datetime:
    return datetime.now(UTC)


async def reconciled(database: AsyncEngine) -> None:
    row = {"cluster": "c", "topic_id": "t", "topic": "ahual.events.v1", "partition": 0, "first_offset": 0}
    counts = {"next_offset": 125_431, "stored": 125_102, "duplicate": 301, "rejected": 28}
    async with database.begin() as connection:
        await connection.execute(sa.insert(tables.consumer_offset).values(row | counts))


async def test_three_languages_switch_without_reload(api: Api, database: AsyncEngine, browser: Browser) -> None:
    await store(database, snapshot(1, now=now()))
    await reconciled(database)
    page = await opened(browser, api, "&lang=en&theme=light")
    await page.evaluate("window.unreloaded = true")
    for lang, heading in HEADINGS.items():
        await page.click(f"#languages button[value={lang}]")
        await expect(page.locator("h1")).to_have_text(heading)
        await expect(page.locator("html")).to_have_attribute("lang", lang)
        await expect(page.locator("tr", has_text="2.1").locator(".value").first).to_have_text(NUMBERS[lang])
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
        await pictured(page, f"light-{lang}")
    assert await page.evaluate("window.unreloaded")
    for lang in HEADINGS:
        dark = await opened(browser, api, f"&lang={lang}&theme=dark")
        await expect(dark.locator("#connection")).to_have_attribute("data-state", "live")
        await pictured(dark, f"dark-{lang}")
        await dark.close()
    await page.close()


async def test_figures_change_by_themselves(api: Api, database: AsyncEngine, browser: Browser) -> None:
    await store(database, snapshot(1, now=now()))
    page = await opened(browser, api, "&lang=en")
    row = page.locator("tr", has=page.locator(".code", has_text="2.1"))
    await expect(row.locator(".value")).to_have_text("14.2 s")
    later = snapshot(2, now=now(), k2_1=33.25)
    await store(database, later)
    await expect(row.locator(".value")).to_have_text("33.25 s")
    await expect(page.locator("#index")).to_have_text(f"{later.index:.2f}")
    await expect(page.locator("#revision")).to_have_text("Revision 2")
    await page.close()


async def test_the_filter_shows_every_kpi(api: Api, database: AsyncEngine, browser: Browser) -> None:
    stored = snapshot(1, now=now())
    await store(database, stored)
    page = await opened(browser, api, "&lang=en")
    await expect(page.locator("#rows tr")).to_have_count(7)
    await page.click("#filter button[value=all]")
    await expect(page.locator("#rows tr")).to_have_count(len(stored.kpis))
    await page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_a_phone_needs_no_sideways_scrolling(
    api: Api, database: AsyncEngine, browser: Browser, theme: str
) -> None:
    await store(database, snapshot(1, now=now()))
    for lang in HEADINGS:
        page = await opened(browser, api, f"&lang={lang}&theme={theme}", width=360, height=740)
        assert await page.evaluate("document.documentElement.scrollWidth") <= 360
        await pictured(page, f"phone-{theme}-{lang}")
        await page.close()


async def test_a_lost_connection_is_said_and_healed(
    database: AsyncEngine, database_url: SecretStr, browser: Browser
) -> None:
    await store(database, snapshot(1, now=now()))
    async with running(database_url, heartbeat_s=0.3, recheck_s=0.5) as api:
        page = await opened(browser, api, "&lang=en&theme=light")
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "lost")
    await expect(page.locator("#connection")).to_contain_text("reconnecting")
    await expect(page.locator("body")).to_have_class("aged")
    await pictured(page, "reconnecting")
    await store(database, snapshot(2, now=now(), k2_1=5.5))
    async with running(database_url, heartbeat_s=0.3, recheck_s=0.5, port=int(api.url.rpartition(":")[2])):
        await expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=20_000)
        await expect(page.locator("#revision")).to_have_text("Revision 2")
        await page.close()


async def test_a_score_that_is_not_recomputed_looks_old(api: Api, database: AsyncEngine, browser: Browser) -> None:
    await store(database, snapshot(1, now=now() - timedelta(minutes=7)))
    page = await opened(browser, api, "&lang=ru")
    await expect(page.locator("#connection-text")).to_have_text("Оценка не пересчитывалась 7 мин.")
    await expect(page.locator("body")).to_have_class("aged")
    await page.close()


async def test_server_sent_events_where_no_websocket_passes(api: Api, database: AsyncEngine, browser: Browser) -> None:
    await store(database, snapshot(1, now=now()))
    context = await browser.new_context()
    await context.add_init_script("""
        window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.(), 10); } close() {} };
    """)
    page = await context.new_page()
    await page.goto(f"{api.url}/?city={CITY}&lang=en")
    await expect(page.locator("#connection")).to_have_attribute("data-state", "live", timeout=15_000)
    await store(database, snapshot(2, now=now(), k2_1=9.0))
    await expect(page.locator("tr", has=page.locator(".code", has_text="2.1")).locator(".value")).to_have_text("9 s")
    await context.close()


SILENT = {
    "kk": "соңғы хабар 2 сағ бұрын болған, күтілетін аралық 1 мин",
    "ru": "последнее сообщение 2 ч назад, ожидаемый интервал 1 мин",
    "en": "last heard 2 h ago, expected every 1 min",
}


async def test_sources_and_reconciliation_are_told_in_three_languages(
    api: Api, database: AsyncEngine, browser: Browser
) -> None:
    await store(database, snapshot(1, now=now()))
    await reconciled(database)
    for number in range(12):
        await hear(database, f"heat/meter-{number}", now(), times=1, sequences=[[(1, 40), (43, 44)]])
    await hear(database, "heat/meter-99", now() - timedelta(minutes=150))
    await hear(database, "parking/camera-7", now(), times=1, drift_ms=95_000)
    run = Run(7.5, now() - timedelta(hours=9), now(), 540, True)
    await hear(database, "water/level-3", now(), times=1, runs={"level": run})
    page = await opened(browser, api, "&lang=en&theme=light")
    for lang, said in SILENT.items():
        await page.click(f"#languages button[value={lang}]")
        await expect(page.locator("#troubled li").filter(has_text="heat/meter-99").locator(".why")).to_have_text(said)
        await expect(page.locator("#troubled li")).to_have_count(3)
        await expect(page.locator("#source-states li").first).to_contain_text("12")
        await expect(page.locator("#suspected")).to_contain_text("36")
        await expect(page.locator("#exact")).to_have_attribute("data-state", "live")
        if folder := os.environ.get("AHUAL_SCREENSHOTS"):
            await page.locator(".stock").screenshot(path=Path(folder) / f"sources-{lang}.png")
    await pictured(page, "sources-page")
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await pictured(page, "sources-phone")
    await page.close()


async def test_offsets_that_do_not_add_up_are_an_alarm(api: Api, database: AsyncEngine, browser: Browser) -> None:
    await store(database, snapshot(1, now=now()))
    await reconciled(database)
    async with database.begin() as connection:
        await connection.execute(sa.update(tables.consumer_offset).values(stored=125_101))
    page = await opened(browser, api, "&lang=en&theme=dark")
    await expect(page.locator("#exact")).to_have_text("Does not add up")
    await expect(page.locator("#reconciliation")).to_have_class("alarm")
    await expect(page.locator("#reconciliation")).to_contain_text("difference 1.")
    await expect(page.locator("#sources-note")).to_have_text("No source has been heard yet.")
    await pictured(page, "sources-alarm")
    await page.close()


async def test_who_is_not_an_operator_sees_no_sources(
    database: AsyncEngine, database_url: SecretStr, browser: Browser
) -> None:
    await store(database, snapshot(1, now=now()))
    await reconciled(database)
    await hear(database, "heat/meter-1", now(), times=1)
    async with running(database_url, operator_token=SecretStr("of-the-operators")) as api:
        page = await opened(browser, api, "&lang=en")
        await expect(page.locator("#exact")).to_have_text("Adds up")
        await expect(page.locator("#sources")).to_be_hidden()
        await page.close()
