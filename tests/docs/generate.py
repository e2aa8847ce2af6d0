"""Brings the generated parts of docs/methodology*.md up to date: `python -m tests.docs.generate`.

They stand between `<!-- generated: NAME -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from schemas.catalogue import Catalogue
from services.cityscore.catalogue import load_catalogue
from services.runtime.messages import LANGUAGES, Language
from tests.docs.blocks import BLOCKS

DOCS: Final = Path(__file__).parents[2] / "docs"
BLOCK: Final = re.compile(r"<!-- generated: (?P<name>\w+) -->\n(?P<body>.*?)<!-- end -->", re.DOTALL)


def path(lang: Language) -> Path:
    """The document in a language; English has the plain name."""
    return DOCS / ("methodology.md" if lang == "en" else f"methodology.{lang}.md")


def regenerated(text: str, catalogue: Catalogue, lang: Language) -> str:
    """The document with its generated parts as they are now. Raises KeyError for a block nobody writes."""

    def block(found: re.Match[str]) -> str:
        name = found["name"]
        return f"<!-- generated: {name} -->\n\n{BLOCKS[name](catalogue, lang)}\n\n<!-- end -->"

    return BLOCK.sub(block, text)


def main() -> None:
    catalogue = load_catalogue()
    for lang in LANGUAGES:
        document = path(lang)
        document.write_text(regenerated(document.read_text("utf-8"), catalogue, lang), "utf-8")


if __name__ == "__main__":
    main()
