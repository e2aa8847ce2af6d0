"""What every process of ours is told from outside: environment variables `AHUAL_*`, read once in `main`.

Without TLS nothing starts, unless `AHUAL_ALLOW_PLAINTEXT` says that this is a demo or a developer's machine.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from services.runtime.messages import text
from services.runtime.tls import OwnCertificate, client_context, is_loopback, is_private


def _own_machine(host: str, info: ValidationInfo) -> str:
    if not is_loopback(host) and not info.data.get("allow_plaintext"):
        raise ValueError(text("cli.plain_metrics"))
    return host


OwnMachine = Annotated[str, AfterValidator(_own_machine)]
"""Where a listener without TLS may be: loopback, or anywhere in a demo."""


class DatabaseSettings(BaseSettings):
    """For commands that only need the database."""

    model_config = SettingsConfigDict(env_prefix="AHUAL_", frozen=True, extra="ignore", hide_input_in_errors=True)

    allow_plaintext: bool = Field(
        default=False, description="Demo and development only: connections and listeners without TLS are allowed"
    )
    database_url: SecretStr = Field(
        description="PostgreSQL, `postgresql+asyncpg://user:password@host:port/name"
        "?sslmode=verify-full&sslrootcert=/path/ca.crt`"
    )

    @field_validator("database_url")
    @classmethod
    def _verified(cls, url: SecretStr, info: ValidationInfo) -> SecretStr:
        try:
            private = is_private(make_url(url.get_secret_value()))
        except ArgumentError:
            raise ValueError(text("cli.bad_url")) from None
        if not private and not info.data.get("allow_plaintext"):
            raise ValueError(text("cli.plain_database"))
        return url


class RuntimeSettings(DatabaseSettings):
    """Shared by all services; each service adds its own in its `settings.py`."""

    tls_ca_file: Path | None = Field(
        default=None, validate_default=True, description="Whom to trust: the authority's certificate (PEM)"
    )
    tls_cert_file: Path | None = Field(
        default=None, validate_default=True, description="This process's certificate, for HTTPS and for Kafka (PEM)"
    )
    tls_key_file: Path | None = Field(default=None, validate_default=True, description="Its private key (PEM)")
    kafka_bootstrap: str = Field(description="Kafka bootstrap servers, `host:port,…`")
    catalogue_folder: Path | None = Field(
        default=None, description="YAML files of initiatives of the cities' own; read again when one changes"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_host: str = Field(
        default="127.0.0.1", description="Address of the Prometheus endpoint; any but loopback speaks HTTPS"
    )

    @field_validator("tls_ca_file", "tls_cert_file", "tls_key_file")
    @classmethod
    def _there(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None and not info.data.get("allow_plaintext"):
            raise ValueError(text("cli.no_tls"))
        if path is not None and not path.is_file():
            raise ValueError(text("cli.no_file", file=path))
        return path

    @property
    def own_certificate(self) -> OwnCertificate | None:
        """What we show as server and as client; None in plain text."""
        return (
            OwnCertificate(self.tls_cert_file, self.tls_key_file) if self.tls_cert_file and self.tls_key_file else None
        )

    @property
    def metrics_certificate(self) -> OwnCertificate | None:
        """For the Prometheus endpoint, where others than this machine can reach it."""
        return None if is_loopback(self.metrics_host) else self.own_certificate

    def client_tls(self) -> ssl.SSLContext | None:
        """For connections to Kafka and the MQTT broker; None in plain text."""
        return client_context(self.tls_ca_file, self.own_certificate) if self.tls_ca_file else None
