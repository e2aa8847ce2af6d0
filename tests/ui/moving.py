"""A page that lives: a call is published over MQTT, the API is killed, and what the page showed of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from playwright.async_api import Page

from schemas.identity import Identity
from services.runtime.clock import utc_now
from simulators.publisher import Publisher
from tests.installation import Installation
from tests.scorer.events import answered
from tests.ui.looking import open_view
from tests.ui.record import Shown, record, recorded
from tests.waiting import eventually

FIGURE: Final = '[role="row"]:has(a[href="#/kpis/2.1"]) .value'
"""The mean wait (2.1) in the table of KPIs: the one figure of the trial's city that its calls change."""
NOT_LIVE_S: Final = 10.0
OUTAGE_S: Final = 3.0


@dataclass
class Caller:
    """A device whose every call changes the city's mean wait."""

    installation: Installation
    publisher: Publisher
    waits: list[int] = field(default_factory=list)

    async def call(self) -> float:
        """Publish a call that waited ten seconds more than the last; the moment before (s since 1970)."""
        self.waits.append(10 * len(self.waits) + 10)
        now = utc_now()
        queued = now - timedelta(seconds=self.waits[-1])
        call = answered(now.isoformat(), queued.isoformat(), city=self.installation.city, id=f"call-{len(self.waits)}")
        sent = time.time()
        await self.publisher.send(call, sent, 100)
        return sent

    @property
    def mean(self) -> str:
        """What the page must show of all calls so far, without its unit: `15`."""
        return f"{sum(self.waits) / len(self.waits):g}"


@asynccontextmanager
async def caller(installation: Installation) -> AsyncIterator[Caller]:
    """Connected, and gone at the end."""
    device = Identity(installation.city, "contact-centre", "pbx-1")
    password = (await asyncio.to_thread(installation.passwords, [device]))[device]
    port = installation.stack.ports.mqtt
    publisher = await Publisher.connect("127.0.0.1", port, device, password, lambda _call, _sent: None)
    try:
        yield Caller(installation, publisher)
    finally:
        await publisher.close()


async def open_table(page: Page, calls: Caller, lang: str) -> None:
    """The table of the trial's city, searched for the figure: only rows in sight are in the page."""
    await calls.call()
    await open_view(page, calls.installation.api, "kpis", lang, "light", f"&city={calls.installation.city}")
    await page.fill("input[type=search]", "2.1")
    await page.wait_for_selector(FIGURE)


async def latencies(page: Page, calls: Caller, times: int) -> list[float]:
    """ms from before each publish until the page showed the new figure; AssertionError when it is not live."""
    await record(page, FIGURE)
    took = []
    for _ in range(times):
        sent = await calls.call()
        shown = await _until(page, calls.mean)
        took.append(shown.at - sent * 1000)
    return took


async def outage(page: Page, calls: Caller) -> list[Shown]:
    """Kill the API, publish a call meanwhile, bring it back; what the page showed from the kill to the new figure.

    The page must not be loaded anew.
    """
    await record(page, FIGURE)
    installation = calls.installation
    before = len(await recorded(page))
    await asyncio.to_thread(installation.kill, "api")
    await asyncio.to_thread(installation.stack.stop, "api")
    await calls.call()
    await asyncio.sleep(OUTAGE_S)
    await asyncio.to_thread(installation.stack.restart, "api")
    await _until(page, calls.mean, within_s=60.0)
    await page.wait_for_selector("[data-state=live]")
    return (await recorded(page))[before:]


def lies(shown: list[Shown]) -> list[str]:
    """How a page pretended that figures of an outage were alive: [] when it told the truth."""
    lost = [one for one in shown if one.state != "live"]
    ages = [one.age_s for one in lost if one.age_s is not None]
    wrong = [f"looks alive while {one.state}: {one}" for one in lost if not one.aged]
    if not any(one.state == "lost" for one in lost):
        wrong.append("the loss was never said")
    if ages != sorted(ages) or len(set(ages)) < 2:
        wrong.append(f"the age does not grow: {ages}")
    if shown[-1].aged or shown[-1].state != "live":
        wrong.append(f"does not live again: {shown[-1]}")
    return wrong


async def _until(page: Page, mean: str, *, within_s: float = NOT_LIVE_S) -> Shown:
    async def there() -> Shown:
        seen = await recorded(page)
        found = [one for one in seen if one.figure.split()[:1] == [mean]]
        assert found, f"{mean} is not shown: {seen[-1]}"
        return found[0]

    return await eventually(there, within_s=within_s)
