"""Every text of the dashboard is there in Kazakh, Russian and English, says the same, and is used."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from services.runtime.messages import LANGUAGES

ROOT = Path("services/dashboard/src")
CATALOGUES = sorted([*ROOT.rglob("texts.json"), ROOT / "views" / "names.json", ROOT / "charts" / "kinds.json"])
NOT_SAID = re.compile(r"<(script|style)\b.*?</\1>|<!--.*?-->|\{[^{}]*\}|&\w+;", re.DOTALL)
PLACEHOLDER = re.compile(r"\{(\w+)\}")


def entries(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


@pytest.mark.parametrize("path", CATALOGUES, ids=str)
def test_every_text_is_there_in_all_languages(path: Path) -> None:
    for key, text in entries(path).items():
        assert list(text) == list(LANGUAGES), key
        assert all(text[lang].strip() for lang in LANGUAGES), key
        wanted = set(PLACEHOLDER.findall(text["en"]))
        assert all(set(PLACEHOLDER.findall(text[lang])) == wanted for lang in LANGUAGES), key


@pytest.mark.parametrize("path", [path for path in CATALOGUES if path.name == "texts.json"], ids=str)
def test_every_text_is_used(path: Path) -> None:
    code = "".join(file.read_text("utf-8") for file in ROOT.rglob("*") if file.suffix in {".svelte", ".ts"})
    built = [re.escape(part).replace(r"\$\{\}", r"\w+") for part in _templates(code)]
    for key in entries(path):
        said = re.search(rf"\b{key}\b", code) or any(re.fullmatch(part, key) for part in built)
        assert said, f"nobody says {key}"


def _templates(code: str) -> set[str]:
    """Keys put together in template literals, `say(`theme_${one}`)`, their parts as `${}`."""
    return {re.sub(r"\$\{[^}]*\}", "${}", found) for found in re.findall(r"`(\w*\$\{[^`]*)`", code)}


def test_no_markup_speaks_a_language_of_its_own() -> None:
    """Letters between tags come from a catalogue."""
    for path in ROOT.rglob("*.svelte"):
        markup = NOT_SAID.sub("", path.read_text("utf-8"))
        said = re.findall(r">[^<>{}]*[^\W\d_]{2,}[^<>{}]*<", markup)
        assert not said, f"{path}: {said}"
