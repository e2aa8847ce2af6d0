"""What the probe is told from outside. It needs no database, no Kafka and no MQTT account."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.runtime.messages import text
from services.runtime.settings import OwnMachine
from services.runtime.tls import client_context


class ProbeSettings(BaseSettings):
    """`AHUAL_PROBE_…` and what little it shares with the other services."""

    model_config = SettingsConfigDict(env_prefix="AHUAL_", frozen=True, extra="ignore", hide_input_in_errors=True)

    allow_plaintext: bool = Field(default=False, description="Demo and development only: addresses without TLS too")
    tls_ca_file: Path | None = Field(
        default=None, description="Whom to trust (PEM), for page and intake; without one whom the system trusts"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_host: OwnMachine = Field(default="127.0.0.1", description="Address of the Prometheus endpoint")
    probe_city: str = Field(min_length=1, description="Code of the city whose page is watched")
    probe_page: str = Field(
        default="http://127.0.0.1:18080/", description="The public page, as residents reach it from outside"
    )
    probe_intake: str = Field(default="http://127.0.0.1:18081", description="The HTTP intake")
    probe_key: SecretStr = Field(
        min_length=1, description="API key of `ahual key add CITY situation-centre NAME`; one for each observer"
    )
    probe_token: SecretStr = Field(
        default=SecretStr(""), description="Bearer token of the API, where the map is not public; empty: none"
    )
    probe_every_s: float = Field(default=10.0, ge=0.2, le=240, description="Between two looks at the page, in s")
    probe_timeout_s: float = Field(default=5.0, gt=0, le=60, description="A page that takes longer is not there, in s")
    probe_look_s: float = Field(default=3600.0, ge=1, description="Between two counts of what is shown, in s")
    probe_spool: Path = Field(default=Path("probe.sqlite"), description="File that keeps what is not reported yet")
    probe_metrics_port: int = Field(default=18093, ge=0, le=65535, description="Port of the Prometheus endpoint")

    @field_validator("probe_page", "probe_intake")
    @classmethod
    def _private(cls, url: str, info: ValidationInfo) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(text("probe.bad_url"))
        if parts.scheme == "http" and not info.data.get("allow_plaintext"):
            raise ValueError(text("probe.plain_url"))
        return url

    @property
    def longest_s(self) -> float:
        """Longest stretch one answer speaks for; after a longer silence, the observer was not there."""
        return 2 * self.probe_every_s + self.probe_timeout_s

    def tls(self) -> ssl.SSLContext | bool:
        """What httpx2 verifies servers with."""
        return client_context(self.tls_ca_file) if self.tls_ca_file else True
