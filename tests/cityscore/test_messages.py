"""Every text of the methodology's commands exists and is used (three languages: `tests/runtime/test_messages.py`)."""

from __future__ import annotations

import re
from pathlib import Path

from services.runtime.messages import room

ROOT = Path(__file__).parents[2] / "services"
SOURCES = "".join(
    path.read_text("utf-8") for folder in ("cityscore", "cli") for path in sorted((ROOT / folder).glob("*.py"))
)


def test_every_key_in_the_code_exists() -> None:
    used = set(re.findall(r'"cityscore\.([a-z_]+)"', SOURCES))
    assert len(used) > 20
    assert used <= set(room("cityscore"))


def test_no_text_is_left_over() -> None:
    built = ("category_", "period_", "span_", "cause_", "part_", "no_worse_")
    for key in room("cityscore"):
        assert f'"cityscore.{key}"' in SOURCES or f'"{key}"' in SOURCES or key.startswith(built)
