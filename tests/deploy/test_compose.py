"""`deploy/compose.yaml` names what exists, and holds no secret."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from deploy.stack import Stack, kafka, postgres
from deploy.stack.passwords import Passwords
from schemas import yaml_text
from services.api.settings import ApiSettings
from services.export.settings import ExportSettings
from services.ingest.settings import IngestSettings
from services.notify import rules
from services.notify.settings import NotifySettings
from services.probe.settings import ProbeSettings
from services.scorer.settings import ScorerSettings

DEPLOY = Path(__file__).parents[2] / "deploy"
SERVICES: dict[str, type[BaseSettings]] = {
    "ingest": IngestSettings,
    "scorer": ScorerSettings,
    "api": ApiSettings,
    "probe": ProbeSettings,
    "export": ExportSettings,
    "notify": NotifySettings,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml_text.parse((DEPLOY / "compose.yaml").read_text("utf-8"))
    return loaded


def test_every_variable_is_one_that_a_service_reads(compose: dict[str, Any]) -> None:
    known = {f"AHUAL_{n.upper()}" for s in SERVICES.values() for n in s.model_fields}
    ours = [service for service in compose["services"].values() if service.get("image") == "ahual"]
    assert len(ours) >= 6
    for service in ours:
        assert service["environment"].keys() <= known


@pytest.mark.parametrize(("name", "kind"), SERVICES.items())
def test_every_service_starts_with_what_it_is_told(
    compose: dict[str, Any], name: str, kind: type[BaseSettings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mounted = [volume.split(":")[1] for volume in compose["services"][name].get("volumes", ())]
    for variable in [variable for variable in os.environ if variable.startswith("AHUAL_")]:
        monkeypatch.delenv(variable)
    for variable, value in compose["services"][name]["environment"].items():
        assert isinstance(value, str)
        if variable.endswith("_FILE"):
            assert any(value.startswith(f"{folder}/") for folder in mounted), "a container would not find it"
            value = str(tmp_path / variable)  # noqa: PLW2901
            Path(value).touch()
        monkeypatch.setenv(variable, value)
    if name == "probe":  # which its entrypoint reads from a file
        monkeypatch.setenv("AHUAL_PROBE_KEY", "a.b.c")
    made = kind()
    if isinstance(made, NotifySettings):
        assert rules.load(DEPLOY.parent / made.notify_rules).rules


def test_what_is_waited_for_can_be_reached(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, wait in service.get("depends_on", {}).items():
            once = services[name].get("restart") == "on-failure"
            assert wait["condition"] == ("service_completed_successfully" if once else "service_healthy")
            assert once or "healthcheck" in services[name]


def test_grafana_gets_every_variable_its_provisioning_reads(compose: dict[str, Any]) -> None:
    files = (DEPLOY / "grafana" / "provisioning").rglob("*.yaml")
    read = {name for file in files for name in re.findall(r": \$(\w+)$", file.read_text("utf-8"), re.MULTILINE)}
    assert len(read) == 5
    assert read <= compose["services"]["grafana"]["environment"].keys()


def test_what_is_mounted_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for source, _, _ in (volume.partition(":") for volume in service.get("volumes", ())):
            assert source in compose["volumes"] or (DEPLOY / source).exists()


def test_the_image_gets_what_it_copies_and_no_passwords() -> None:
    allowed = {line[1:] for line in _lines("Dockerfile.dockerignore") if line.startswith("!")}
    copied = [line.split()[1:-1] for line in _lines("Dockerfile") if line.startswith("COPY")]
    assert {source for sources in copied for source in sources} == allowed
    assert all((DEPLOY.parent / source).exists() for source in allowed)
    assert "**/.env" in _lines("Dockerfile.dockerignore")
    assert ".env" in (DEPLOY.parent / ".gitignore").read_text("utf-8").splitlines()


def _lines(name: str) -> list[str]:
    return (DEPLOY / name).read_text("utf-8").splitlines()


@pytest.mark.stack
def test_the_reader_of_a_new_database(stack: Stack) -> None:
    """The script of the image's start, on our own server, twice: the role's password is the one given."""
    secrets = Passwords.load(stack.layout.secrets)
    psql = stack.program_path("psql")
    server = {
        "PATH": f"{psql.parent}:{os.environ['PATH']}",
        "PGHOST": "127.0.0.1",
        "PGPORT": str(stack.ports.postgres),
        "POSTGRES_USER": postgres.SUPERUSER,
        "POSTGRES_DB": postgres.DATABASE,
        "AHUAL_READER_PASSWORD": secrets.reader,
    }
    script = DEPLOY / "postgres" / "reader.sh"
    for _ in range(2):
        subprocess.run([script], env=server | {"PGPASSWORD": secrets.superuser}, check=True)
    ask = [str(psql), "-U", postgres.READER, "-d", postgres.DATABASE, "-Atc", "SELECT current_user"]
    told = subprocess.run(ask, env=server | {"PGPASSWORD": secrets.reader}, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == postgres.READER


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
    assert len(secret) >= 4
    assert all(re.search(r"\$\{AHUAL_\w+_PASSWORD", line) for line in secret)


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_the_same_kafka_as_the_local_stack(compose: dict[str, Any]) -> None:
    version = compose["services"]["kafka"]["image"].partition(":")[2]
    assert f"<version>{version}</version>" in kafka._pom().decode()


@pytest.mark.parametrize("name", SERVICES)
def test_commands_exist(compose: dict[str, Any], name: str) -> None:
    command = compose["services"][name]["command"]
    argv = [Path(sys.prefix) / "bin" / "ahual", *command, "--help"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout
