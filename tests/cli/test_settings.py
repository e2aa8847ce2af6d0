"""Commands in a checkout with a local stack use it, as far as the environment does not say otherwise."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from deploy.stack import Stack
from services.cli.settings import load
from services.runtime.settings import RuntimeSettings
from services.scorer.settings import ScorerSettings

AHUAL = Path(sys.executable).with_name("ahual")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of ours in the environment."""
    for name in [name for name in os.environ if name.startswith("AHUAL_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def local(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A local stack that the commands find."""
    monkeypatch.setenv("AHUAL_STACK_FOLDER", str(stack.layout.folder))
    return stack


@pytest.mark.usefixtures("local")
def test_a_second_scorer_has_its_own_name_on_the_same_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(ScorerSettings)
    monkeypatch.setenv("AHUAL_SCORER_INSTANCE", "scorer-2")
    monkeypatch.setenv("AHUAL_SCORER_METRICS_PORT", "28192")
    second = load(ScorerSettings)
    assert (first.scorer_instance, second.scorer_instance) == ("scorer-1", "scorer-2")
    assert second.scorer_metrics_port == 28192
    assert second.database_url == first.database_url
    assert second.kafka_bootstrap == first.kafka_bootstrap


def test_without_a_stack_every_missing_variable_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AHUAL_STACK_FOLDER", str(tmp_path))
    with pytest.raises(typer.Exit) as left:
        load(RuntimeSettings)
    assert left.value.exit_code == 2
    told = capsys.readouterr().err
    assert "AHUAL_DATABASE_URL" in told
    assert "AHUAL_KAFKA_BOOTSTRAP" in told


def test_a_taken_metrics_port_is_one_line(local: Stack) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = held.getsockname()[1]
        environment = {**os.environ, **local.env(), "AHUAL_SCORER_METRICS_PORT": str(port)}
        done = subprocess.run([AHUAL, "scorer"], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [["demo"], ["stack", "status"]])
def test_a_port_that_is_none_is_one_sentence(command: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "AHUAL_PORT_KAFKA": "70000", "AHUAL_STACK_FOLDER": str(tmp_path / ".stack")}
    done = subprocess.run([AHUAL, *command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "AHUAL_PORT_KAFKA" in done.stderr
    assert "Traceback" not in done.stderr
