"""Signing in at Keycloak: there, back to the same view, out, and what goes wrong on the way, told in words."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr

from deploy.stack import Stack
from schemas.tables import user_account, user_role, user_session
from schemas.users import Grant
from services.api import accounts
from services.api.visits import SIGN_ON
from services.cli.demo import CITY
from services.runtime.database import open_database
from tests.ui.beside import NOT_OPEN, api_beside, free_port
from tests.ui.chromium import watched
from tests.ui.keycloak import CLIENT, NAME, SECRET, keycloak
from tests.ui.looking import LANGUAGES, judged, open_view
from tests.ui.signing import DIALOG

TEXTS: Final = json.loads((Path(__file__).parents[2] / "services/dashboard/src/session/texts.json").read_text("utf-8"))
ACCOUNTS: Final[dict[str, list[Grant]]] = {"aigul": [Grant(CITY.code, "operator")], "newcomer": []}
"""Who is known here: one with a role, one with none. Keycloak knows a stranger besides."""
FAILED: Final = "[data-testid=failed]"
CLOSED: Final = "[data-testid=closed]"
USER: Final = "[data-testid=user]"


async def single_sign_on(browser: Browser, stack: Stack, pictures: Path | None) -> AsyncIterator[tuple[str, list[str]]]:
    """Each way to Keycloak and back, and what is wrong with it."""
    async with _provided(stack) as (address, provider):
        for way in (there_and_back, cancelled, stranger, without_role, expired):
            yield await _walked(browser, address, provider, way, pictures)
        await asyncio.to_thread(stack.stop, NAME)
        yield await _walked(browser, address, provider, away, pictures)


async def there_and_back(page: Page, address: str) -> None:
    """Kazakh all the way; the view one left, with the role one has; out, and then the provider asks again."""
    await _leave(page, address, "kk", "quality", f"&city={CITY.code}")
    left = re.compile(rf"^{re.escape(address)}/\?lang=kk&theme=dark&city={CITY.code}#/quality$")
    await expect(page.locator("html")).to_have_attribute("lang", "kk")
    await _enter(page, "aigul", consent=True)
    await expect(page).to_have_url(left)
    await expect(page.locator(USER)).to_have_text("aigul")
    await expect(page.locator("[data-testid=role]")).to_have_text(TEXTS["role_operator"]["kk"])
    await expect(page.locator(CLOSED)).to_have_count(0)
    await page.click(".who button")
    await expect(page.locator(CLOSED)).to_have_count(1)
    await _to_provider(page)
    await expect(page.locator("#password")).to_be_visible()
    await page.go_back()


async def cancelled(page: Page, address: str) -> None:
    """What the person, or the provider, does not want."""
    await _leave(page, address, "ru", "kpis/2.1")
    await _enter(page, "stranger", consent=False)
    await told(page, "sign_on_cancelled", "ru")
    await expect(page).to_have_url(re.compile(r"#/kpis/2\.1$"))


async def stranger(page: Page, address: str) -> None:
    """Known there, not here."""
    await _leave(page, address, "en", "")
    await _enter(page, "stranger", consent=True)
    await told(page, "unknown_user", "en")


async def without_role(page: Page, address: str) -> None:
    """Known here, but nothing is opened."""
    await _leave(page, address, "ru", "map")
    await _enter(page, "newcomer", consent=True)
    await expect(page.locator(USER)).to_have_text("newcomer")
    said = TEXTS["closed_role"]["ru"].format(user="newcomer", role=TEXTS["role_viewer"]["ru"])
    await expect(page.locator(CLOSED)).to_contain_text(said)


async def expired(page: Page, address: str) -> None:
    """The browser has forgotten that it left."""
    await _leave(page, address, "kk", "rating")
    await page.context.clear_cookies(name="ahual_oidc")
    await _enter(page, "aigul", consent=None)
    await told(page, "sign_on_expired", "kk")


async def away(page: Page, address: str) -> None:
    """The provider does not answer: said in each language, and who has a password still gets in."""
    for lang in LANGUAGES:
        await open_view(page, address, "", lang, "light")
        await _to_provider(page)
        await told(page, "provider_away", lang)
    await expect(page.locator(f"{DIALOG} input[name=password]")).to_be_visible()


Way = Callable[[Page, str], Awaitable[None]]


async def _walked(
    browser: Browser, address: str, provider: str, way: Way, pictures: Path | None
) -> tuple[str, list[str]]:
    async with watched(browser, address) as found:
        try:
            await way(found.page, address)
            wrong = [one for one in await judged(found) if not one.startswith(f"outside: {provider}/")]
        except AssertionError as error:
            wrong = [*found.wrong, str(error)]
        if pictures is not None:
            await found.page.screenshot(path=pictures / f"single-sign-on-{way.__name__}.png")
    return f"single sign-on, {way.__name__.replace('_', ' ')}", wrong


async def _leave(page: Page, address: str, lang: str, view: str, query: str = "") -> None:
    await open_view(page, address, view, lang, "dark", query)
    await _to_provider(page)


async def _to_provider(page: Page) -> None:
    await page.click(".who button")
    await page.click(f"{DIALOG} a")
    await page.wait_for_load_state("networkidle")


async def _enter(page: Page, name: str, *, consent: bool | None) -> None:
    """At Keycloak; `consent`: yes, no, or it remembers that this person gave it before."""
    await page.fill("#username", name)
    await page.fill("#password", f"of-{name}")
    await page.click("#kc-login")
    if consent is not None:
        await page.click("#kc-login" if consent else "#kc-cancel")
    await page.wait_for_load_state("networkidle")


async def told(page: Page, reason: str, lang: str) -> None:
    """The form says why nobody is signed in; the address says it no more."""
    await expect(page.locator(f"{DIALOG} {FAILED}")).to_have_text(TEXTS[reason][lang])
    assert "sign_in" not in page.url, page.url


@asynccontextmanager
async def _provided(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """A closed API and Keycloak, its provider: both addresses."""
    api_port, provider_port = free_port(), free_port()
    serving = keycloak(stack, provider_port, f"http://127.0.0.1:{api_port}{SIGN_ON}/callback")
    issuer = await asyncio.to_thread(serving.__enter__)
    try:
        await _known(SecretStr(stack.env()["AHUAL_DATABASE_URL"]))
        names = {"ISSUER": issuer, "CLIENT_ID": CLIENT, "CLIENT_SECRET": SECRET}
        more = {f"AHUAL_OIDC_{name}": value for name, value in names.items()}
        async with api_beside(stack, NOT_OPEN | more, api_port) as address:
            yield address, f"http://localhost:{provider_port}"
    finally:
        await asyncio.to_thread(serving.__exit__, None, None, None)


async def _known(url: SecretStr) -> None:
    """As `ahual user add NAME --provider` makes them; a kept database knows them by another Keycloak."""
    engine = open_database(url, pool_size=1, application="tests")
    try:
        async with engine.begin() as connection:
            for table in (user_session, user_role, user_account):
                await connection.execute(sa.delete(table).where(table.c.name.in_(ACCOUNTS)))
        for name, grants in ACCOUNTS.items():
            await accounts.add(engine, name, None, grants, "tests")
    finally:
        await engine.dispose()
