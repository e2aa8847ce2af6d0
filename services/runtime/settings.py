"""What every process of ours is told from outside: environment variables `AHUAL_*`, read once in `main`."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class RuntimeSettings(BaseSettings):
    """Shared by all services; each service adds its own in its `settings.py`."""

    model_config = SettingsConfigDict(env_prefix="AHUAL_", frozen=True, extra="ignore")

    kafka_bootstrap: str = Field(description="Kafka bootstrap servers, `host:port,…`")
    database_url: SecretStr = Field(description="PostgreSQL, `postgresql+asyncpg://user:password@host:port/name`")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_host: str = Field(default="127.0.0.1", description="Address of the Prometheus endpoint")
