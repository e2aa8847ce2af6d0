"""`make ui`, or `python -m tests.ui [ADDRESS]`: every view in a real browser, in three languages and two themes.

Without an address it starts what `make demo` starts, in `.stack-ui` and on ports of its own; a simulated city tells its
month there once, and only what is missing when the folder is kept. Then besides: a call published over MQTT that the
page must show, a slider that goes back, and an API that is killed. Prints a line per look, and exits with 1 if anything
is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from typing import Final

from playwright.async_api import Browser
from pydantic import SecretStr

from deploy.stack import Stack, StackError
from services.cli.demo import CITY
from services.runtime.database import open_database
from tests.installation import Installation
from tests.simulated import simulated_city
from tests.ui import gallery
from tests.ui.beside import NOT_OPEN, api_beside
from tests.ui.chromium import chromium, watched
from tests.ui.ground import ground
from tests.ui.keyboard import keyboard
from tests.ui.keycloak import installed
from tests.ui.letters import letters
from tests.ui.looking import LANGUAGES, PHONE, THEMES, VIEWS, chatter, look
from tests.ui.moving import caller, latencies, lies, open_table, outage
from tests.ui.past import past
from tests.ui.signing import ending, form, signing
from tests.ui.single_sign_on import single_sign_on
from tests.ui.wall import RULES, wall

FOLDER: Final = Path(".stack-ui")
PORT_OFFSET: Final = 12_700
CALLS: Final = 30
say: Final = partial(print, flush=True)


async def views(browser: Browser, address: str, asked: argparse.Namespace) -> AsyncIterator[tuple[str, list[str]]]:
    """Each view and what is wrong with it: at a desk in every language and theme, on a phone in every language."""
    for view, lang, theme in product(asked.view or VIEWS, asked.lang or LANGUAGES, asked.theme or THEMES):
        name = f"{view.replace('/', '-') or 'overview'}-{lang}-{theme}"
        picture = asked.pictures and asked.pictures / f"{name}.png"
        yield name, await look(browser, address, view, lang, theme, picture=picture)
    for view, (number, lang) in product(asked.view or VIEWS, enumerate(asked.lang or LANGUAGES)):
        name, theme = f"{view.replace('/', '-') or 'overview'}-{lang}-phone", THEMES[number % len(THEMES)]
        picture = asked.pictures and asked.pictures / f"{name}.png"
        yield name, await look(browser, address, view, lang, theme, size=PHONE, picture=picture)


async def live(browser: Browser, trial: Installation) -> list[str]:
    """A city that only we report for: its figure follows our calls, and the page survives its API."""
    async with caller(trial) as calls, watched(browser, trial.api) as found:
        await open_table(found.page, calls, "en")
        took = sorted(await latencies(found.page, calls, CALLS))
        wrong = list(found.wrong)
        say(f"publish to page, {CALLS} calls: median {median(took):.0f} ms, longest {took[-1]:.0f} ms")
        shown = await outage(found.page, calls)
        say(f"API killed: lost for {(shown[-1].at - shown[0].at) / 1000:.1f} s, {len(shown)} states, then live")
        return wrong + lies(shown)


@asynccontextmanager
async def trials(stack: Stack) -> AsyncIterator[Installation]:
    """A city of its own for what is published only to be looked at."""
    trial = Installation(stack, f"trial-{time.time_ns() // 1_000_000}")
    await trial.register()
    try:
        yield trial
    finally:
        await trial.forget()


async def gone_back(browser: Browser, address: str, stack: Stack) -> list[str]:
    """The time slider of the demo's city."""
    engine = open_database(SecretStr(stack.env()["AHUAL_DATABASE_URL"]), pool_size=1, application="tests")
    try:
        return await past(browser, address, CITY.code, engine)
    finally:
        await engine.dispose()


async def own(
    browser: Browser, address: str, stack: Stack, asked: argparse.Namespace
) -> AsyncIterator[tuple[str, list[str]]]:
    """What can be tried only where the installation is ours: what is wrong with each."""
    for lang, theme in zip(LANGUAGES, (*THEMES, THEMES[0]), strict=True):
        picture = asked.pictures and asked.pictures / f"wall-{lang}-{theme}.png"
        yield f"wall-{lang}-{theme}", await wall(browser, address, lang, theme, picture)
    password = (stack.layout.folder / "user.password").read_text("utf-8").strip()
    yield "signing in", await signing(browser, address, password)
    yield "past", await gone_back(browser, address, stack)
    async with api_beside(stack, NOT_OPEN) as closed:
        owner = SecretStr(stack.env()["AHUAL_DATABASE_URL"])
        yield "a session that ends", await ending(browser, closed, password, owner)
    async for name, wrong in through_provider(browser, stack, asked.pictures):
        yield name, wrong
    yield "base map", await ground(browser, stack, CITY, asked.pictures)
    async with trials(stack) as trial:
        yield "rejected messages", await letters(browser, trial, asked.pictures)
    async with trials(stack) as trial:
        yield "live", await live(browser, trial)


async def through_provider(
    browser: Browser, stack: Stack, pictures: Path | None
) -> AsyncIterator[tuple[str, list[str]]]:
    """Single sign-on, where Keycloak can be had."""
    try:
        await asyncio.to_thread(installed, stack.layout)
    except StackError as error:
        say(f"single sign-on: not tried, Keycloak cannot be had: {error}")
        return
    async for way in single_sign_on(browser, stack, pictures):
        yield way


async def main(address: str, stack: Stack | None, asked: argparse.Namespace) -> int:
    """How many looks found something wrong."""
    bad = 0

    def tell(name: str, wrong: list[str]) -> None:
        nonlocal bad
        bad += bool(wrong)
        say(f"{name}: {'; '.join(dict.fromkeys(wrong)) or 'well'}")

    async with chromium() as browser:
        if asked.gallery:
            await gallery.take(browser, address, asked.gallery)
            return 0
        async for name, wrong in views(browser, address, asked):
            tell(name, wrong)
        for lang, theme in product(asked.lang or LANGUAGES, asked.theme or THEMES):
            picture = asked.pictures and asked.pictures / f"sign-in-{lang}-{theme}.png"
            tell(f"sign-in-{lang}-{theme}", await form(browser, address, lang, theme, picture))
        tell("keyboard", await keyboard(browser, address))
        for view in ("", "kpis", "quality"):
            tell(f"{view or 'overview'}, listened to", await chatter(browser, address, view, "ru"))
        if stack is not None:
            async for name, wrong in own(browser, address, stack, asked):
                tell(name, wrong)
    return bad


@contextmanager
def _served(address: str | None) -> Iterator[tuple[str, Stack | None]]:
    if address is not None:
        yield address.rstrip("/"), None
        return
    os.environ["AHUAL_NOTIFY_RULES"] = str(RULES)
    with simulated_city(FOLDER, PORT_OFFSET) as stack:
        yield f"http://127.0.0.1:{stack.ports.api}", stack


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.ui", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("address", nargs="?", help="look at this installation; nothing is published there")
    parser.add_argument("--view", action="append", choices=VIEWS)
    parser.add_argument("--lang", action="append", choices=LANGUAGES)
    parser.add_argument("--theme", action="append", choices=THEMES)
    parser.add_argument("--pictures", type=Path, help="keep a picture of every look in this folder")
    parser.add_argument("--gallery", type=Path, help="only write the pictures of docs/gallery to this folder")
    return parser.parse_args()


if __name__ == "__main__":
    chosen = _arguments()
    for folder in filter(None, (chosen.pictures, chosen.gallery)):
        folder.mkdir(parents=True, exist_ok=True)
    with _served(chosen.address) as (where, ours):
        sys.exit(bool(asyncio.run(main(where, ours, chosen))))
