"""Virtual environments of the compared frameworks and of tools, made on demand and kept between runs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Final

from tests.bench.say import tell

FOLDER: Final = Path(".bench-venvs")


def python_of(name: str) -> Path:
    """The interpreter of an environment with the requirements in `*/{name}`; CalledProcessError if pip fails."""
    (requirements,) = Path(str(files("tests.bench"))).glob(f"*/{name}/requirements.txt")
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    home = FOLDER.absolute() / f"{name}-{digest}"
    python = home / "bin" / "python"
    if not (home / "complete").exists():
        tell(f"installing {name} into {home.name}")
        subprocess.run((sys.executable, "-m", "venv", "--clear", str(home)), check=True)
        subprocess.run((str(python), "-m", "pip", "install", "--quiet", "-r", str(requirements)), check=True)
        (home / "complete").touch()
    return python


def version(python: Path, package: str) -> str:
    """Of an installed package."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run((str(python), "-c", code), check=True, capture_output=True, text=True).stdout.strip()
