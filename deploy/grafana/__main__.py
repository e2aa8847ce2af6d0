"""`python -m deploy.grafana` writes the dashboards (a folder per language) and the alert rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

from deploy.grafana.alerts import provisioned
from deploy.grafana.boards import BOARDS
from services.runtime.messages import LANGUAGES

FOLDER: Final = Path(__file__).parent / "dashboards"
ALERTING: Final = Path(__file__).parent / "provisioning" / "alerting" / "ahual.yaml"


def written() -> Iterator[tuple[Path, str]]:
    """Every file and its content."""
    for lang in LANGUAGES:
        for board in BOARDS:
            content = json.dumps(board.json(lang), ensure_ascii=False, indent=1)
            yield FOLDER / lang / f"{board.key}.json", f"{content}\n"
    rules = yaml.safe_dump(provisioned(), allow_unicode=True, sort_keys=False, width=110)
    yield ALERTING, f"# Written by `python -m deploy.grafana`.\n{rules}"


def main() -> None:
    for path, content in written():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


if __name__ == "__main__":
    main()
