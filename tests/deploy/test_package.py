"""An installed package brings the files that its code reads."""

from __future__ import annotations

import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[2]
READ_AT_RUN_TIME = ("schemas", "services", "simulators", "deploy/demo", "deploy/kafka", "deploy/mosquitto")


def test_every_data_file_is_packaged() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    patterns = ["*.py", *settings["package-data"]["*"]]
    command = ["git", "ls-files", *READ_AT_RUN_TIME]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    files = [Path(line) for line in listed.stdout.splitlines() if not line.startswith("services/dashboard/")]
    assert len(files) > 200
    assert [str(path) for path in files if not any(fnmatch(path.name, pattern) for pattern in patterns)] == []
