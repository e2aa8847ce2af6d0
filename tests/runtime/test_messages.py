"""Every text of every catalogue says the same in three languages; what the code asks for exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from services.runtime.messages import LANGUAGES, MissingTextError, language, room, text

ROOT = Path(__file__).parents[2]
ROOMS = sorted(path.stem for path in (ROOT / "schemas" / "messages").glob("*.yaml"))


def placeholders(template: str) -> list[str]:
    """Names in braces, in no order, each as often as it stands there."""
    return sorted(field for _, field, _, _ in string.Formatter().parse(template) if field is not None)


@pytest.mark.parametrize("name", ROOMS)
def test_every_text_has_three_languages_and_no_placeholder_of_its_own(name: str) -> None:
    assert room(name)
    for key, texts in room(name).items():
        assert set(texts) == set(LANGUAGES), key
        assert all(isinstance(said, str) and said.strip() for said in texts.values()), key
        fields = {lang: set(placeholders(texts[lang])) for lang in LANGUAGES}
        # What a library found is English and said in English alone.
        assert fields["kk"] == fields["ru"] <= fields["en"], key


def test_what_the_code_asks_for_exists() -> None:
    sources = [path for top in ("services", "deploy", "simulators") for path in sorted((ROOT / top).rglob("*.py"))]
    code = "".join(path.read_text("utf-8") for path in sources)
    asked = set(re.findall(r'\b(?:text|_fail)\(\s*"([a-z]+\.[a-z0-9_]+)"', code))
    asked |= {f"stack.{key}" for key in re.findall(r'\bStackError\(\s*"([a-z_]+)"', code)}
    asked |= {f"stack.{key}" for key in re.findall(r'\bfailure="([a-z_]+)"', code)}
    assert len(asked) > 100
    known = {f"{name}.{key}" for name in ROOMS for key in room(name)}
    assert not asked - known


def test_a_missing_text_is_named() -> None:
    with pytest.raises(MissingTextError, match=r"demo\.nothing"):
        text("demo.nothing")
    with pytest.raises(MissingTextError, match=r"nowhere\.line"):
        text("nowhere.line")


def test_the_language_is_the_asked_one_else_the_environments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AHUAL_LANG", raising=False)
    assert (language("kk_KZ.UTF-8"), language("de"), language()) == ("kk", "en", "en")
    monkeypatch.setenv("AHUAL_LANG", "ru_RU")
    assert (language(), language("kk")) == ("ru", "kk")
