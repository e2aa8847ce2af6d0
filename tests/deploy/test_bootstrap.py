"""`deploy/bootstrap.sh` on machines that lack something: one sentence on standard error, nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the script reads, in a folder with a space."""
    copy = tmp_path / "my city"
    (copy / "schemas" / "messages").mkdir(parents=True)
    (copy / "deploy").mkdir()
    for name in ("deploy/bootstrap.sh", "deploy/say.sh", "schemas/messages/bootstrap.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "requirements.lock").write_text("")
    return copy


def bootstrap(project: Path, path: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(project / "deploy" / "bootstrap.sh")],
        env={"PATH": path, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def tools(folder: Path, *names: str, **scripts: str) -> str:
    """A PATH with only these programs."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).symlink_to(shutil.which(name) or pytest.fail(f"{name} is missing"))
    for name, script in scripts.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return str(folder)


BASE = ("dirname", "awk", "cat", "cksum", "tr", "date", "mkdir", "rm", "grep")


def one_line(text: str) -> str:
    assert text.count("\n") == 1, text
    return text


def test_no_python(project: Path, tmp_path: Path) -> None:
    done = bootstrap(project, tools(tmp_path / "bin", *BASE))
    assert done.returncode == 1
    assert "Python 3.11" in one_line(done.stderr)


def test_no_venv_module_in_russian(project: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *BASE, python3='case "$2" in *ensurepip*) exit 1;; esac')
    done = bootstrap(project, path, AHUAL_LANG="ru_RU.UTF-8")
    assert done.returncode == 1
    assert "В python3 нет модуля venv" in one_line(done.stderr)


def test_no_space(project: Path, tmp_path: Path) -> None:
    path = tools(tmp_path / "bin", *BASE, python3="exit 0", df="printf 'x\\nd 9 9 20480 9 /\\n'")
    done = bootstrap(project, path)
    assert done.returncode == 1
    assert f"The disk of {project} has 20 MB left and 600 MB are needed" in one_line(done.stderr)


def test_an_unreachable_registry(project: Path, tmp_path: Path) -> None:
    (project / "requirements.lock").write_text("typer==0.29.1 --hash=sha256:" + "0" * 64 + "\n")
    done = bootstrap(
        project,
        os.environ["PATH"],
        PIP_CONFIG_FILE=os.devnull,
        PIP_INDEX_URL="http://127.0.0.1:9/simple",
        PIP_RETRIES="0",
        PIP_TIMEOUT="2",
        HOME=str(tmp_path),
    )
    assert done.returncode == 1
    assert "could not be fetched: check the network" in one_line(done.stderr)
