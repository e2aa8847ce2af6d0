"""Every text of the methodology's commands exists, in three languages with the same placeholders, and is used."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from services.runtime.messages import LANGUAGES, room

ROOT = Path(__file__).parents[2] / "services"
SOURCES = "".join(
    path.read_text("utf-8") for folder in ("cityscore", "cli") for path in sorted((ROOT / folder).glob("*.py"))
)


@pytest.mark.parametrize("key", sorted(room("cityscore")))
def test_every_text_has_three_languages_with_the_same_placeholders(key: str) -> None:
    texts = room("cityscore")[key]
    assert set(texts) == set(LANGUAGES)
    fields = [{field for _, field, _, _ in string.Formatter().parse(texts[lang]) if field} for lang in LANGUAGES]
    assert fields[0] == fields[1] == fields[2]
    assert all(text.strip() for text in texts.values())


def test_every_key_in_the_code_exists() -> None:
    used = set(re.findall(r'"cityscore\.([a-z_]+)"', SOURCES))
    assert len(used) > 20
    assert used <= set(room("cityscore"))


def test_no_text_is_left_over() -> None:
    built = ("category_", "period_", "span_", "cause_", "part_", "no_worse_")
    for key in room("cityscore"):
        assert f'"cityscore.{key}"' in SOURCES or f'"{key}"' in SOURCES or key.startswith(built)
