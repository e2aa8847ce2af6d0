"""No password is known beforehand: none stands in a file, and none of the usual ones opens anything."""

from __future__ import annotations

import gc
import re
import subprocess
from pathlib import Path

import asyncpg
import pytest
from pydantic import SecretStr

from deploy.stack import Stack, postgres
from deploy.stack.mosquitto import accepts
from services.api.settings import ApiSettings
from services.export.settings import ExportSettings
from services.ingest.settings import IngestSettings
from services.probe.settings import ProbeSettings
from services.scorer.settings import ScorerSettings

ROOT = Path(__file__).parents[2]
CONFIGURATION = ("*.yaml", "*.yml", "*.conf", "*.env", "*.ini", "*.sh", "*.properties", "Dockerfile", "Makefile", "run")
_LITERAL = re.compile(r"""(?i)(?:password|passwd|secret|token|api_?key)["']?\s*[:=]\s*["']?([^\s"',}]+)""")
_SENTENCE = re.compile(r"schemas/messages/|schemas/examples/|schemas/kpis/")
REFERENCE = ("$", "%", "\\", "?", ":")
"""A value that is taken from elsewhere begins with one of these."""
NOT_SECRET = {"passwords.live", "true", "false", "scram-sha-256", "SecretStr"}
USUAL = (
    "",
    "ahual",
    "admin",
    "password",
    "changeme",
    "changethis",
    "secret",
    "postgres",
    "mosquitto",
    "123456",
    "demo",
)


def literals() -> dict[str, Path]:
    """What stands beside a word such as password in the configuration that is in the repository."""
    listed = subprocess.run(["git", "ls-files", *CONFIGURATION], cwd=ROOT, capture_output=True, text=True, check=True)
    found: dict[str, Path] = {}
    for name in listed.stdout.split():
        if not _SENTENCE.search(name):
            # Without comments and psql's variables, :'name'.
            text = re.sub(r"(?m)(^|\s)#.*|:'\w+'", "", (ROOT / name).read_text("utf-8"))
            found |= {value: ROOT / name for value in _LITERAL.findall(text) if not value.startswith(REFERENCE)}
    return {value: path for value, path in found.items() if value not in NOT_SECRET}


def test_the_walk_finds_a_literal() -> None:
    assert _LITERAL.findall('POSTGRES_PASSWORD: "hunter2", x') == ["hunter2"]
    assert _LITERAL.findall("api_key=abc") == ["abc"]


def test_no_configuration_holds_one() -> None:
    assert literals() == {}


@pytest.mark.parametrize("kind", [IngestSettings, ScorerSettings, ApiSettings, ProbeSettings, ExportSettings])
def test_no_setting_has_one(kind: type[IngestSettings]) -> None:
    for name, field in kind.model_fields.items():
        if isinstance(field.default, SecretStr):
            assert field.default.get_secret_value() == "", name


# asyncpg leaves a connection that was refused to the garbage collector, which we call before the next test.
@pytest.mark.stack
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
async def test_the_database_takes_none(stack: Stack) -> None:
    for role in (postgres.SUPERUSER, *postgres.roles(stack._passwords())):
        for password in (*USUAL, role):
            with pytest.raises(asyncpg.PostgresError, match=r"authentication failed|no password|empty password"):
                await asyncpg.connect(
                    host="127.0.0.1", port=stack.ports.postgres, user=role, password=password, database="postgres"
                )
    gc.collect()


@pytest.mark.stack
def test_the_broker_takes_none(stack: Stack) -> None:
    stack.add_device("almaty/contact-centre/plain")
    for account in ("gateway", "probe", "admin", "", "almaty/contact-centre/plain"):
        for password in (*USUAL, account):
            for port in (stack.ports.mqtt, stack.ports.mqtt_internal):
                assert not accepts(port, account, password), (account, password)
