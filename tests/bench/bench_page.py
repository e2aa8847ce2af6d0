"""What the dashboard costs a browser: `python -m tests.bench.bench_page [--minutes M] [--per-second R]`.

An API with all KPIs of a city, of which so many change a second. Printed: how soon a page without a cache shows its
first figure; tasks over 50 ms while the table of KPIs scrolls and updates; the heap minute by minute, after collecting
garbage. Asserts nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from random import Random
from statistics import median
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page
from sqlalchemy.ext.asyncio import AsyncEngine

from deploy.stack import Stack
from services.runtime.database import open_database
from tests.api.samples import catalogue, snapshot, store
from tests.bench.say import say
from tests.bench.serving import serving
from tests.bench.stacks import database_of
from tests.ui.chromium import chromium, watched
from tests.waiting import eventually

REVISIONS_A_SECOND: Final = 5
SCROLLED_S: Final = 60
LOADS: Final = 9
_WATCH: Final = """
window.seen = { paint: null, largest: null, figure: null, tasks: [] };
new PerformanceObserver((list) => list.getEntries().forEach((one) => (seen.paint ??= one.startTime)))
  .observe({ type: "paint", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((one) => (seen.largest = one.startTime)))
  .observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => list.getEntries().forEach((one) => seen.tasks.push(one.duration)))
  .observe({ type: "longtask", buffered: true });
(function look() {
  if (/\\d/.test(document.querySelector("[data-testid=index]")?.textContent ?? "")) seen.figure = performance.now();
  else requestAnimationFrame(look);
})();
"""

_SHOWN: Final = "seen.paint !== null && seen.largest !== null && seen.figure !== null"


async def change(engine: AsyncEngine, per_second: float) -> None:
    """Store new scores for ever; each has another value for its share of the KPIs, in turns."""
    kpis = [kpi for initiative in catalogue().initiatives for kpi in initiative.kpis]
    codes = [kpi.code for kpi in kpis if kpi.measure.kind != "spacing"]  # whose value is several
    rng, step = Random(7), max(1, round(per_second / REVISIONS_A_SECOND))
    values: dict[str, Any] = {f"k{code.replace('.', '_')}": round(rng.uniform(1, 100), 2) for code in codes}
    names, revision, due = list(values), 1, time.monotonic()
    while True:
        for offset in range(step):
            name = names[(revision * step + offset) % len(names)]
            values[name] = round(values[name] + rng.uniform(0.01, 1), 2)
        await store(engine, snapshot(revision, now=datetime.now(UTC), **values))
        revision, due = revision + 1, due + 1 / REVISIONS_A_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))


async def loads(browser: Browser, address: str) -> None:
    """The wall, without cookies and cache."""
    found: list[dict[str, float]] = []
    for _ in range(LOADS):
        async with watched(browser, address) as cold:
            await cold.page.add_init_script(_WATCH)
            await cold.page.goto(f"{address}/?lang=ru&theme=light#/")
            await eventually(lambda page=cold.page: page.evaluate(_SHOWN), within_s=60)  # type: ignore[misc]
            await cold.page.wait_for_timeout(1500)
            found.append(await cold.page.evaluate("seen"))
    say("### A page without a cache: the wall\n")
    say("| loads | | first paint ms | first figure ms | largest contentful paint ms |\n|---|---|---|---|---|")
    for name, of in (("median", median), ("longest", max)):
        cells = (of([one[key] for one in found]) for key in ("paint", "figure", "largest"))
        say(f"| {LOADS} | {name} | {' | '.join(f'{ms:.0f}' for ms in cells)} |")


async def scrolls(page: Page, address: str, per_second: float) -> None:
    """The table up and down while its figures change."""
    await page.add_init_script(_WATCH)
    await page.goto(f"{address}/?lang=ru&theme=light#/kpis")
    await page.wait_for_selector(".body [role=row]")
    await page.wait_for_timeout(3000)
    await page.mouse.move(700, 600)
    await page.evaluate(
        "seen.tasks.length = seen.frames = 0; (function count() { seen.frames += 1; requestAnimationFrame(count); })()"
    )
    until, turn = time.monotonic() + SCROLLED_S, 0
    while time.monotonic() < until:
        await page.mouse.wheel(0, 160 if turn // 30 % 2 == 0 else -160)
        await page.wait_for_timeout(50)
        turn += 1
    seen: dict[str, Any] = await page.evaluate("seen")
    tasks = seen["tasks"]
    say(f"\n### The table of KPIs, scrolled for {SCROLLED_S} s at {per_second:g} changed KPIs/s\n")
    say("| frames/s | tasks over 50 ms | longest ms | together ms |\n|---|---|---|---|")
    say(f"| {seen['frames'] / SCROLLED_S:.0f} | {len(tasks)} | {max(tasks, default=0):.0f} | {sum(tasks):.0f} |")


async def heaps(page: Page, minutes: float, per_second: float) -> None:
    """Memory after collecting garbage."""
    session = await page.context.new_cdp_session(page)
    say(f"\n### The same page for {minutes:g} minutes at {per_second:g} changed KPIs/s\n")
    say("| minute | JavaScript heap MB | DOM nodes | listeners | tasks over 50 ms so far |\n|---|---|---|---|---|")
    began, minute = time.monotonic(), 0
    while minute <= minutes:
        await asyncio.sleep(max(0.0, began + 60 * minute - time.monotonic()))
        say(f"| {minute} | {' | '.join(await _weighed(session))} | {await page.evaluate('seen.tasks.length')} |")
        minute += 1 if minutes <= 15 else 5


async def _weighed(session: CDPSession) -> tuple[str, str, str]:
    await session.send("HeapProfiler.collectGarbage")
    heap, counted = await session.send("Runtime.getHeapUsage"), await session.send("Memory.getDOMCounters")
    return f"{heap['usedSize'] / 1e6:.2f}", str(counted["nodes"]), str(counted["jsEventListeners"])


async def run(stack: Stack, minutes: float, per_second: float) -> None:
    """All three."""
    address = f"http://127.0.0.1:{stack.ports.api}"
    engine = open_database(database_of(stack), pool_size=1, application="ahual-bench")
    changing = asyncio.create_task(change(engine, per_second))
    say(f"load average {os.getloadavg()[0]:.1f} before\n")
    async with chromium() as browser:
        await asyncio.sleep(1)
        await loads(browser, address)
        async with watched(browser, address) as kept:
            await scrolls(kept.page, address, per_second)
            await heaps(kept.page, minutes, per_second)
    say(f"\nload average {os.getloadavg()[0]:.1f} after")
    changing.cancel()
    with suppress(asyncio.CancelledError):
        await changing
    await engine.dispose()


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--per-second", type=float, default=50, help="changed KPIs")
    asked = parser.parse_args()
    with serving() as stack:
        asyncio.run(run(stack, asked.minutes, asked.per_second))


if __name__ == "__main__":
    main()
