"""What contracts say of a row is told in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import schemas.events
import schemas.personal
from services.ingest.files.rules import broken
from services.ingest.files.telling import of_rule
from services.runtime.messages import room

SOURCES = (*Path(schemas.events.__path__[0]).glob("*.py"), Path(schemas.personal.__file__))


def said() -> Iterator[tuple[str, str]]:
    """Every message that a contract raises, with its file."""
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else None
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "ValueError":
                yield file.name, _words(call.args[0])


def _words(message: ast.expr) -> str:
    if isinstance(message, ast.Constant):
        return str(message.value)
    assert isinstance(message, ast.JoinedStr)
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in message.values)


@pytest.mark.parametrize(("file", "message"), sorted(set(said())))
def test_every_rule_of_a_contract_has_its_words_in_every_language(file: str, message: str) -> None:
    found = broken(f"Value error, {message} (and 2 more)")
    assert found is not None, f"{file}: add it to schemas/messages/rules.yaml"
    for lang in ("kk", "ru"):
        told = of_rule(found.rule, lang, found.params)
        assert re.search("[а-яәіңғүұқөһ]", told)
        assert message not in told
    assert message in of_rule(found.rule, "en", found.params)


def test_no_rule_is_told_that_no_contract_has() -> None:
    told = {found.rule for _, message in said() if (found := broken(message))}
    assert told == set(room("rules"))


def test_what_pydantic_says_itself_is_no_rule() -> None:
    assert broken("Input should be greater than or equal to 1") is None
