"""Without TLS nothing starts, except where somebody says that it may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from deploy.certs.authority import Authority
from deploy.privacy import PrivacyFolder
from services.api.settings import ApiSettings
from services.cli.main import build
from services.ingest.settings import IngestSettings
from services.runtime.clock import utc_now
from services.runtime.settings import DatabaseSettings, RuntimeSettings
from services.runtime.tls import is_loopback
from services.scorer.settings import ScorerSettings

SERVICES = (IngestSettings, ScorerSettings, ApiSettings)
HOST = "postgresql+asyncpg://u:p@db.example:5432/ahual"


@pytest.fixture(autouse=True)
def _no_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AHUAL_ALLOW_PLAINTEXT")


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Any]:
    """All that a service needs, with TLS."""
    authority = Authority(tmp_path)
    authority.init(utc_now())
    authority.issue("api", "service", ("localhost",), utc_now())
    files = {
        "tls_ca_file": authority.ca,
        "tls_cert_file": authority.certificate("api"),
        "tls_key_file": authority.key("api"),
    }
    PrivacyFolder(tmp_path).init(utc_now())
    files["privacy_keys_file"] = PrivacyFolder(tmp_path).hash_keys
    files["seal_public_key_file"] = PrivacyFolder(tmp_path).seal_public
    return {"database_url": f"{HOST}?sslmode=verify-full&sslrootcert=ca.crt", "kafka_bootstrap": "k:1", **files}


@pytest.mark.parametrize(
    "url",
    [
        HOST,
        "postgresql+asyncpg://u:p@127.0.0.1:5432/ahual",
        f"{HOST}?sslmode=disable",
        f"{HOST}?sslmode=require",
        f"{HOST}?sslmode=verify-ca&sslrootcert=ca.crt",
        f"{HOST}?sslmode=verify-full",
    ],
)
def test_an_address_that_is_not_verified_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="verify-full"):
        DatabaseSettings(database_url=url)
    DatabaseSettings(database_url=url, allow_plaintext=True)


@pytest.mark.parametrize(
    "url", [f"{HOST}?sslmode=verify-full&sslrootcert=ca.crt", "postgresql+asyncpg://u@/ahual?host=/run/postgresql"]
)
def test_verified_tls_or_a_local_socket_is_not(url: str) -> None:
    DatabaseSettings(database_url=url)


def test_a_refusal_does_not_tell_the_password() -> None:
    with pytest.raises(ValidationError) as refused:
        DatabaseSettings(database_url="postgresql+asyncpg://u:hunter2@db.example/ahual")
    assert "hunter2" not in str(refused.value)


def test_a_gateway_wants_the_keys_that_protect_people(given: dict[str, Any]) -> None:
    for missing in ("privacy_keys_file", "seal_public_key_file"):
        with pytest.raises(ValidationError, match="no key file"):
            IngestSettings(**{name: value for name, value in given.items() if name != missing})
        with pytest.raises(ValidationError, match="there is no file"):
            IngestSettings(**{**given, missing: given[missing].with_suffix(".gone")})


@pytest.mark.parametrize("kind", SERVICES)
def test_a_service_wants_its_three_files(kind: type[RuntimeSettings], given: dict[str, Any]) -> None:
    whole = kind(**given)
    assert whole.client_tls() is not None
    assert whole.own_certificate
    for missing in ("tls_ca_file", "tls_cert_file", "tls_key_file"):
        with pytest.raises(ValidationError, match="no TLS file"):
            kind(**{name: value for name, value in given.items() if name != missing})
        with pytest.raises(ValidationError, match="there is no file"):
            kind(**{**given, missing: given[missing].with_suffix(".gone")})


def test_the_prometheus_endpoint_speaks_https_where_others_reach_it(given: dict[str, Any]) -> None:
    assert RuntimeSettings(**given).metrics_certificate is None
    assert RuntimeSettings(**given, metrics_host="192.0.2.1").metrics_certificate is not None
    private = {host for host in ("127.0.0.1", "::1", "localhost", "10.0.0.1", "ahual.example") if is_loopback(host)}
    assert private == {"127.0.0.1", "::1", "localhost"}


@pytest.mark.parametrize("service", ["ingest", "scorer", "api"])
def test_the_command_names_each_missing_setting(service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AHUAL_DATABASE_URL", HOST)
    monkeypatch.setenv("AHUAL_KAFKA_BOOTSTRAP", "k:1")
    monkeypatch.setenv("AHUAL_STACK_FOLDER", str(tmp_path))
    done = CliRunner().invoke(build(service), [service])
    assert done.exit_code == 2
    for name in ("AHUAL_DATABASE_URL", "AHUAL_TLS_CA_FILE", "AHUAL_TLS_CERT_FILE", "AHUAL_TLS_KEY_FILE"):
        assert name in done.output
    assert "p@db" not in done.output
