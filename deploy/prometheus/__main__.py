"""`python -m deploy.prometheus` writes the rules that follow from `slo.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import yaml

from deploy.prometheus.slo import load, rules

FILE: Final = Path(__file__).parent / "ahual.slo.rules.yaml"


def content() -> str:
    """The rule file."""
    body = yaml.safe_dump(rules(load()), sort_keys=False, allow_unicode=True, width=110)
    return f"# Written by `python -m deploy.prometheus` from slo.yaml.\n{body}"


if __name__ == "__main__":
    FILE.write_text(content(), "utf-8")
