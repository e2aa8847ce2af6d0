"""Of the dashboard a wheel carries what was built and nothing that it is built from."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from setuptools import find_namespace_packages  # type: ignore[import-untyped]  # it ships no types

CONFIGURED: dict[str, Any] = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
FOUND = CONFIGURED["packages"]["find"]


def test_its_sources_and_their_packages_stay_out(tmp_path: Path) -> None:
    room = tmp_path / "services" / "dashboard"
    for folder in ("dist/assets", "src/views/map", "node_modules/svelte/src", "tools", "public"):
        (room / folder).mkdir(parents=True)
    carried = find_namespace_packages(str(tmp_path), include=FOUND["include"], exclude=FOUND["exclude"])
    here = {name.removeprefix("services.dashboard.") for name in carried if name.startswith("services.dashboard.")}
    assert here == {"dist", "dist.assets"}


@pytest.mark.parametrize(
    "name", ["index.html", "visualisations.json", "icon.svg", "a-1.js", "a-1.css", "maplibre-gl-worker-1.mjs"]
)
def test_every_kind_of_file_that_is_built_goes_in(name: str) -> None:
    assert any(fnmatch(name, pattern) for pattern in CONFIGURED["package-data"]["*"])
