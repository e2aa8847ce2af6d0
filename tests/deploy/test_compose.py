"""`deploy/compose.yaml` names what exists, and holds no secret."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.stack import kafka
from services.api.settings import ApiSettings
from services.ingest.settings import IngestSettings
from services.scorer.settings import ScorerSettings

DEPLOY = Path(__file__).parents[2] / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_every_variable_is_one_that_a_service_reads(compose: dict[str, Any]) -> None:
    known = {f"AHUAL_{n.upper()}" for s in (IngestSettings, ScorerSettings, ApiSettings) for n in s.model_fields}
    assert compose["x-ahual"]["environment"].keys() <= known


def named_texts(node: object) -> Iterator[str]:
    """Every `name=text` at any depth."""
    if isinstance(node, dict):
        yield from (f"{name}={value}" for name, value in node.items() if isinstance(value, str))
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from named_texts(inner)


def test_passwords_come_from_outside(compose: dict[str, Any]) -> None:
    secret = [line for line in named_texts(compose) if "PASSWORD=" in line or "DATABASE_URL=" in line]
    assert len(secret) >= 3
    assert all(re.search(r"\$\{AHUAL_\w+_PASSWORD", line) for line in secret)


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_same_kafka_as_the_local_stack(compose: dict[str, Any]) -> None:
    version = compose["services"]["kafka"]["image"].partition(":")[2]
    assert f"<version>{version}</version>" in kafka._pom().decode()


@pytest.mark.parametrize("name", ["ingest", "scorer", "api"])
def test_commands_exist(compose: dict[str, Any], name: str) -> None:
    command = compose["services"][name]["command"]
    argv = [Path(sys.prefix) / "bin" / "ahual", *command, "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
