"""Who signs in, how, what each role opens where, and that it is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from schemas.tables import user_session
from schemas.users import Grant, Role, allowed, read_grant
from services.api import accounts
from services.api.attempts import PER_NAME, WHILE, Attempts
from services.api.passwords import Passwords, generated, hashed
from services.api.sessions import COOKIE, CSRF_HEADER
from tests.api.conftest import Api, running
from tests.api.provider import CLIENT, SECRET, Told, provider

pytestmark = pytest.mark.stack
PASSWORD = "long-enough-for-us"  # noqa: S105
HASH = hashed(PASSWORD)
ACTOR = "tests"
LETTERS = "/api/v1/cities/{}/dead-letters"


@pytest.fixture
async def doors(database: AsyncEngine, database_url: SecretStr) -> AsyncIterator[Api]:
    """An API that is closed, with an operator of one city."""
    await accounts.add(database, "aigul", HASH, [Grant("karaganda", "operator")], ACTOR)
    async with running(database_url, operator_token=SecretStr("of-the-monitoring")) as api:
        yield api


async def sign_in(api: Api, name: str = "aigul", password: str = PASSWORD, **headers: str) -> httpx2.Response:
    return await api.client.post("/api/v1/session", json={"name": name, "password": password}, headers=headers)


async def test_a_session_opens_what_its_role_says_in_its_city(doors: Api, database: AsyncEngine) -> None:
    assert (await doors.client.get(LETTERS.format("karaganda"))).status_code == 403
    answer = await sign_in(doors)
    assert answer.json()["roles"] == [{"city": "karaganda", "role": "operator"}]
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert (await doors.client.get(LETTERS.format("karaganda"))).status_code == 200
    assert (await doors.client.get(LETTERS.format("almaty"))).status_code == 403
    assert (await doors.client.get("/api/v1/layers/air?city=karaganda")).status_code == 200
    for path in ("/api/v1/layers/air?city=almaty", "/api/v1/schemes/water?city=almaty", "/api/v1/audit", "/metrics"):
        assert (await doors.client.get(path)).status_code == 403, path
    assert (await doors.client.get("/api/v1/audit?city=karaganda")).status_code == 403
    shown = (await doors.client.get("/api/v1/session")).json()
    assert (shown["user"], bool(shown["csrf"]), shown["open_reads"]) == ("aigul", True, False)
    async with database.connect() as connection:
        stored = (await connection.execute(sa.select(user_session.c.sha256))).scalar_one()
    assert doors.client.cookies[COOKIE].encode() not in bytes(stored)


async def test_signing_out_wants_the_pages_token(doors: Api) -> None:
    token = (await sign_in(doors)).json()["csrf"]
    for headers in ({}, {CSRF_HEADER: "guessed"}, {CSRF_HEADER: token, "Origin": "https://elsewhere.example"}):
        assert (await doors.client.delete("/api/v1/session", headers=headers)).status_code == 403
    cookie = doors.client.cookies[COOKIE]
    assert (await doors.client.delete("/api/v1/session", headers={CSRF_HEADER: token})).status_code == 204
    stolen = await doors.client.get("/api/v1/session", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert stolen.json()["user"] is None, "the cookie is worth nothing any more"


async def test_another_sites_page_signs_nobody_in(doors: Api) -> None:
    assert (await sign_in(doors, Origin="https://elsewhere.example")).json()["type"].endswith("foreign_origin")


async def test_guessing_is_slowed_down_and_known_and_unknown_names_look_alike(doors: Api) -> None:
    for name in ("aigul", "nobody"):
        refused = [await sign_in(doors, name, "wrong") for _ in range(PER_NAME)]
        assert {answer.json()["type"] for answer in refused} == {"urn:ahual:problem:sign_in_refused"}
        late = await sign_in(doors, name)
        assert (late.status_code, int(late.headers["retry-after"]) > 200) == (429, True)


async def test_roles_and_accounts_end_at_once(doors: Api, database: AsyncEngine) -> None:
    await sign_in(doors)
    both = [Grant("almaty", "administrator")], [Grant("karaganda", "operator")]
    await accounts.set_roles(database, "aigul", *both, ACTOR)
    assert (await doors.client.get(LETTERS.format("karaganda"))).status_code == 403
    assert (await doors.client.get(LETTERS.format("almaty"))).status_code == 200
    await accounts.disable(database, "aigul", ACTOR)
    assert (await doors.client.get(LETTERS.format("almaty"))).status_code == 403
    assert (await sign_in(doors)).status_code == 403
    await accounts.set_password(database, "aigul", hashed("another-password"), ACTOR)
    assert (await sign_in(doors, password="another-password")).status_code == 200  # noqa: S106


async def test_what_people_do_is_written_down(doors: Api, database: AsyncEngine) -> None:
    await accounts.add(database, "chief", HASH, [Grant("karaganda", "administrator")], ACTOR)
    await sign_in(doors, "aigul", "wrong")
    await sign_in(doors)
    await doors.client.get(LETTERS.format("karaganda"))
    await sign_in(doors, "chief")
    assert (await doors.client.get("/api/v1/audit")).status_code == 403, "of one city only"
    seen = (await doors.client.get("/api/v1/audit?city=karaganda")).json()["entries"]
    assert [(one["actor"], one["action"]) for one in seen] == [("chief", "read"), ("aigul", "read")]
    whole = await doors.client.get("/api/v1/audit?limit=2", headers={"Authorization": "Bearer of-the-monitoring"})
    more = await doors.client.get(
        f"/api/v1/audit?before={whole.json()['next']}", headers={"Authorization": "Bearer of-the-monitoring"}
    )
    actions = [one["action"] for one in [*whole.json()["entries"], *more.json()["entries"]]]
    # `before` leaves out what came since; reading the trail is part of it.
    assert actions == ["read", "read", "signed_in", "read", "signed_in", "sign_in_refused"]


@pytest.fixture
async def federated(database: AsyncEngine, database_url: SecretStr) -> AsyncIterator[tuple[Api, Told]]:
    """An API with an OpenID provider."""
    await accounts.add(database, "aigul", None, [Grant("karaganda", "viewer")], ACTOR)
    with provider() as told:
        oidc = {"oidc_issuer": told.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
        async with running(database_url, more=oidc, operator_token=SecretStr("closed")) as api:
            yield api, told


async def through(api: Api, headers: dict[str, str] | None = None) -> httpx2.Response:
    """As a browser goes: to the provider and back."""
    asked = await api.client.get("/api/v1/session/oidc")
    assert asked.status_code == 303
    async with httpx2.AsyncClient() as browser:
        back = await browser.get(asked.headers["location"])
    assert back.status_code == 302, back.text
    return await api.client.get(back.headers["location"], headers=headers)


async def test_signing_in_at_a_provider(federated: tuple[Api, Told]) -> None:
    api, _ = federated
    assert (await api.client.get("/api/v1/session")).json()["provider"] == "/api/v1/session/oidc"
    answer = await through(api)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (await api.client.get("/api/v1/session")).json()["user"] == "aigul"
    assert (await api.client.get("/api/v1/layers/air?city=karaganda")).status_code == 200
    assert (await api.client.get(LETTERS.format("karaganda"))).status_code == 403, "a viewer"
    assert (await sign_in(api)).status_code == 403, "an account without a password"


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ({"claims": {"sub": "17", "preferred_username": "stranger"}}, "unknown_user"),
        ({"claims": {"sub": "17"}}, "provider_refused"),
        ({"audience": ["another"]}, "provider_refused"),
        ({"nonce": "replayed"}, "provider_refused"),
    ],
)
async def test_what_a_provider_says_is_checked(federated: tuple[Api, Told], told: dict[str, Any], problem: str) -> None:
    api, said = federated
    for name, value in told.items():
        setattr(said, name, value)
    assert (await through(api)).json()["type"] == f"urn:ahual:problem:{problem}"
    assert (await api.client.get("/api/v1/session")).json()["user"] is None


async def test_a_name_stays_the_persons_who_came_first(federated: tuple[Api, Told]) -> None:
    api, said = federated
    assert (await through(api)).status_code == 303
    said.claims = {"sub": "18", "preferred_username": "aigul"}
    assert (await through(api)).json()["type"].endswith("unknown_user")


async def test_a_code_of_another_sign_in_is_refused(federated: tuple[Api, Told]) -> None:
    api, _ = federated
    asked = await api.client.get("/api/v1/session/oidc")
    async with httpx2.AsyncClient() as browser:
        back = (await browser.get(asked.headers["location"])).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    wrong = await api.client.get("/api/v1/session/oidc/callback", params={"code": code, "state": "another"})
    assert (wrong.status_code, wrong.json()["type"]) == (400, "urn:ahual:problem:sign_on_expired")


AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def test_a_person_is_told_on_the_page_and_a_program_by_a_document(federated: tuple[Api, Told]) -> None:
    api, said = federated
    callback = "/api/v1/session/oidc/callback"
    strange = await api.client.get(callback, params={"code": "x", "state": "y"}, headers=AS_A_BROWSER)
    assert (strange.status_code, strange.headers["location"]) == (303, "/?sign_in=sign_on_expired")
    for given, status, problem in (
        ("access_denied", 403, "sign_on_cancelled"),
        ("temporarily_unavailable", 503, "provider_away"),
        ("invalid_scope", 502, "provider_refused"),
        ("<b>anything</b>", 502, "provider_refused"),
    ):
        for headers in (AS_A_BROWSER, {}):
            asked = await api.client.get("/api/v1/session/oidc")
            back = parse_qs(urlsplit(asked.headers["location"]).query)["state"][0]
            answer = await api.client.get(callback, params={"error": given, "state": back}, headers=headers)
            if headers:
                assert answer.headers["location"] == f"/?sign_in={problem}"
            else:
                assert (answer.status_code, answer.json()["type"]) == (status, f"urn:ahual:problem:{problem}")
                assert "<b>" not in answer.text
    said.claims = {"sub": "17", "preferred_username": "stranger"}
    answer = await through(api, AS_A_BROWSER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/?sign_in=unknown_user")


async def test_after_signing_out_the_provider_asks_who_it_is(federated: tuple[Api, Told]) -> None:
    api, _ = federated

    async def asked() -> dict[str, list[str]]:
        answer = await api.client.get("/api/v1/session/oidc?lang=kk")
        return parse_qs(urlsplit(answer.headers["location"]).query)

    assert "prompt" not in await asked()
    assert (await asked())["ui_locales"] == ["kk"]
    await through(api)
    assert "prompt" not in await asked()
    token = (await api.client.get("/api/v1/session")).json()["csrf"]
    await api.client.delete("/api/v1/session", headers={CSRF_HEADER: token})
    assert (await asked())["prompt"] == ["login"]
    await through(api)
    assert "prompt" not in await asked()


async def test_a_provider_that_is_away(database: AsyncEngine, database_url: SecretStr) -> None:
    await accounts.add(database, "aigul", None, [Grant("karaganda", "viewer")], ACTOR)
    with provider() as told:
        oidc = {"oidc_issuer": told.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SecretStr(SECRET)}
        async with running(database_url, more=oidc, operator_token=SecretStr("closed")) as api:
            assert (await api.client.get("/api/v1/session/oidc")).status_code == 303
            told.gone()
            answer = await api.client.get("/api/v1/session/oidc")
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:ahual:problem:provider_away")
            answer = await api.client.get("/api/v1/session/oidc", headers=AS_A_BROWSER)
            assert (answer.status_code, answer.headers["location"]) == (303, "/?sign_in=provider_away")


def test_grants() -> None:
    roles: tuple[Role, ...] = ("viewer", "operator", "administrator", "exporter", "evaluator")
    opens = {role: [other for other in roles if allowed([Grant("*", role)], other, "x")] for role in roles}
    assert opens == {
        "viewer": ["viewer"],
        "operator": ["viewer", "operator"],
        "administrator": list(roles),
        "exporter": ["exporter"],
        "evaluator": ["exporter", "evaluator"],
    }
    assert not allowed([Grant("almaty", "administrator")], "viewer", None), "what is of no city wants all of them"
    assert str(read_grant("*:operator")) == "*:operator"
    for wrong in ("operator", "almaty:king", ":operator"):
        with pytest.raises(ValueError, match="CITY:ROLE"):
            read_grant(wrong)


def test_attempts_are_forgotten_after_a_while() -> None:
    attempts, now = Attempts(), datetime(2026, 1, 1, tzinfo=UTC)
    for _ in range(PER_NAME):
        assert attempts.wait_s("a", "1", now) == 0
        attempts.refused("a", "1", now)
    assert attempts.wait_s("a", "2", now) == WHILE.total_seconds()
    assert attempts.wait_s("b", "1", now) == 0
    assert attempts.wait_s("a", "1", now + WHILE + timedelta(seconds=1)) == 0


async def test_no_password_is_nobodys() -> None:
    checking = Passwords()
    assert await checking.right(PASSWORD, HASH)
    assert not await checking.right(PASSWORD, None)
    assert not await checking.right(PASSWORD, "not a hash")
    assert len({generated() for _ in range(10)}) == 10
