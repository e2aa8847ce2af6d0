"""`ahual user`: accounts and roles, in the real database."""

from __future__ import annotations

import asyncio
import json

import pytest
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from services.api import accounts
from services.api.passwords import Passwords
from services.cli.main import build

pytestmark = pytest.mark.stack


async def run(url: SecretStr, *arguments: str, given: str | None = None) -> Result:
    env = {"AHUAL_DATABASE_URL": url.get_secret_value(), "AHUAL_LANG": "en"}
    return await asyncio.to_thread(CliRunner().invoke, build("user"), ["user", *arguments], given, env)


async def test_an_account_from_its_first_day_to_its_last(database: AsyncEngine, database_url: SecretStr) -> None:
    made = await run(database_url, "add", "aigul", "--role", "karaganda:operator", "--role", "*:viewer")
    assert made.exit_code == 0, made.output
    shown = made.output.split("shown again): ")[1].strip()
    account = await accounts.find(database, "aigul")
    assert account
    assert await Passwords().right(shown, account.password_hash)
    assert shown not in str(account)
    assert (await run(database_url, "add", "aigul")).exit_code != 0
    assert (await run(database_url, "role", "aigul", "--take", "*:viewer")).exit_code == 0
    given = await run(database_url, "password", "aigul", "--stdin", given="of-my-own-choice\n")
    assert (given.exit_code, "of-my-own-choice" in given.output) == (0, False)
    assert (await run(database_url, "disable", "aigul")).exit_code == 0
    [listed] = json.loads((await run(database_url, "list", "--json")).output)
    assert (listed["roles"], listed["password"], bool(listed["disabled_at"])) == (["karaganda:operator"], True, True)


@pytest.mark.parametrize(
    ("arguments", "given", "said"),
    [
        (("add", "aigul", "--role", "operator"), None, "CITY:ROLE"),
        (("add", "aigul", "--role", "atlantis:viewer"), None, "atlantis"),
        (("add", "a b"), None, "without blanks"),
        (("add", "aigul", "--stdin"), "short\n", "12 to 256"),
        (("password", "nobody"), None, "no account"),
        (("disable", "nobody"), None, "no account"),
    ],
)
async def test_a_mistake_is_told_and_changes_nothing(
    database: AsyncEngine, database_url: SecretStr, arguments: tuple[str, ...], given: str | None, said: str
) -> None:
    done = await run(database_url, *arguments, given=given)
    assert done.exit_code != 0
    assert said in done.output
    assert await accounts.everybody(database) == []
