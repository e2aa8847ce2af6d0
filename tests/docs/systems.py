"""The pages in docs/systems, a page per system that reports: `python -m tests.docs.systems`.

Their generated part stands between `<!-- generated: system -->` and `<!-- end -->`; what comes before it is written by
hand. A page that is missing is begun.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tests.docs.reference import DOCS, table
from tests.docs.system_blocks import attempt, fed_by, kpis, names, systems, types

FOLDER: Final = DOCS / "systems"
_BLOCK: Final = re.compile(r"<!-- generated: system -->\n.*?<!-- end -->", re.DOTALL)
_INDEX: Final = re.compile(r"<!-- generated: systems -->\n.*?<!-- end -->", re.DOTALL)


def page(system: str) -> Path:
    """Where its page is."""
    return FOLDER / f"{system}.md"


def begun(system: str) -> str:
    """A page without a word yet."""
    return f"# {systems()[system][2]}\n\n<!-- generated: system -->\n<!-- end -->\n"


def regenerated(document: str, system: str) -> str:
    """The page with its generated part as it is now."""
    parts = [part for part in (names(system), attempt(system), kpis(system), types(system)) if part]
    body = "\n\n".join(parts)
    return _BLOCK.sub(lambda _: f"<!-- generated: system -->\n\n{body}\n\n<!-- end -->", document)


def index(document: str) -> str:
    """The folder's README with its table as it is now."""
    rows = (
        (f"[{en}]({system}.md)", ru, kk, f"`{system}`", ", ".join(kpi.code for kpi in fed_by(system)))
        for system, (kk, ru, en) in systems().items()
    )
    body = table(("system", "ru", "kk", "name in topics", "KPIs"), rows)
    return _INDEX.sub(lambda _: f"<!-- generated: systems -->\n\n{body}\n\n<!-- end -->", document)


def main() -> None:
    for system in systems():
        document = page(system).read_text("utf-8") if page(system).exists() else begun(system)
        page(system).write_text(regenerated(document, system), "utf-8")
    readme = FOLDER / "README.md"
    readme.write_text(index(readme.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
