"""A slice of `make ui`: the wall and the table of KPIs, a call that is shown, an API that is killed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from playwright.async_api import Browser

from deploy.stack import Stack
from tests.installation import Installation, services_on
from tests.ui.chromium import chromium, needs_chromium, needs_dashboard, watched
from tests.ui.keyboard import keyboard
from tests.ui.listening import CHATTER_MAX, spoken, unheard
from tests.ui.looking import judged, look
from tests.ui.moving import caller, latencies, lies, open_table, outage
from tests.ui.single_sign_on import told

pytestmark = [pytest.mark.stack, pytest.mark.browser, needs_chromium, needs_dashboard, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def installation(stack: Stack) -> Iterator[Installation]:
    with services_on(stack) as running:
        yield running


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as launched:
        yield launched


async def test_a_call_is_shown_and_an_outage_is_told(installation: Installation, browser: Browser) -> None:
    """The time from publish to page is printed (`-s`), not judged."""
    async with caller(installation) as calls, watched(browser, installation.api) as found:
        await open_table(found.page, calls, "ru")
        took = await latencies(found.page, calls, 5)
        print(f"publish to page: {', '.join(f'{ms:.0f}' for ms in took)} ms")  # noqa: T201
        assert await judged(found) == []
        shown = await outage(found.page, calls)
        assert lies(shown) == []


async def test_the_wall_is_well(installation: Installation, browser: Browser) -> None:
    query = f"&city={installation.city}"
    assert await look(browser, installation.api, "", "kk", "dark", query=query) == []


async def test_the_table_needs_no_mouse(installation: Installation, browser: Browser) -> None:
    assert await keyboard(browser, installation.api, f"&city={installation.city}") == []


async def test_why_single_sign_on_failed_is_told(installation: Installation, browser: Browser) -> None:
    """The ways there are in `make ui`, with Keycloak."""
    async with watched(browser, installation.api) as found:
        await found.page.goto(f"{installation.api}/?sign_in=unknown_user&lang=kk&city={installation.city}#/kpis")
        await told(found.page, "unknown_user", "kk")
        assert found.page.url.endswith(f"/?lang=kk&city={installation.city}#/kpis")
        assert await judged(found) == []


async def test_what_cannot_be_heard_is_found(browser: Browser) -> None:
    """Each rule has something to find."""
    page = await browser.new_page()
    await page.set_content("""<html><body><h1>A</h1><h3>B</h3><button></button><canvas role="img"></canvas>
      <svg role="img" data-visualisation="line" aria-label="Curve"></svg><p role="status"></p></body></html>""")
    assert await unheard(page) == [
        "button without a name",
        "image without a name",
        "a chart says only 'Curve'",
        "the page says no language",
        "a heading of level 3 follows one of 1",
    ]
    await page.evaluate("setInterval(() => (document.querySelector('p').textContent = performance.now()), 100)")
    assert len(await spoken(page, 1.0)) > CHATTER_MAX
    await page.close()
