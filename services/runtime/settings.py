"""What every process of ours is told from outside: environment variables `AHUAL_*`, read once in `main`."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class DatabaseSettings(BaseSettings):
    """For commands that only need the database."""

    model_config = SettingsConfigDict(env_prefix="AHUAL_", frozen=True, extra="ignore")

    database_url: SecretStr = Field(description="PostgreSQL, `postgresql+asyncpg://user:password@host:port/name`")


class RuntimeSettings(DatabaseSettings):
    """Shared by all services; each service adds its own in its `settings.py`."""

    kafka_bootstrap: str = Field(description="Kafka bootstrap servers, `host:port,…`")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_host: str = Field(default="127.0.0.1", description="Address of the Prometheus endpoint")
