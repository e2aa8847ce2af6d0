"""docs/asyncapi.yaml: `python -m tests.docs.asyncapi`."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import yaml

from schemas.asyncapi import document

FILE: Final = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
HEAD: Final = "# Generated from the contracts by `make docs`.\n"


class _Whole(yaml.CSafeDumper):
    """Spells out what stands there twice; readers need no YAML anchors."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def written() -> str:
    """The file as it should be."""
    made = document(version("ahual"))
    return HEAD + yaml.dump(made, Dumper=_Whole, sort_keys=False, allow_unicode=True, width=120)


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
