"""What the notifier is told from outside."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings, OwnMachine
from services.runtime.tls import is_loopback


class NotifySettings(DatabaseSettings):
    """The notifier reads the views and writes its own two tables; it needs no Kafka."""

    notify_rules: Path = Field(description="YAML file of ways and rules (docs/notify.md)")
    notify_pause_s: float = Field(default=15.0, ge=1, description="Between two looks of `ahual notify run`, in s")
    notify_smtp_host: str = Field(default="127.0.0.1", description="Mail server")
    notify_smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port")
    notify_smtp_security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="How the connection is secured; `none` for a server on this machine, or a demo"
    )
    notify_smtp_user: str = Field(default="", description="Account at the mail server; empty: none")
    notify_smtp_password: SecretStr = Field(default=SecretStr(""), description="Its password")
    notify_from: str = Field(default="ahual@localhost", description="Sender of the mails")
    notify_webhook_secret: SecretStr = Field(
        default=SecretStr(""),
        description="Key of the webhooks' signature (HMAC-SHA256), needed for webhooks",
    )
    notify_timeout_s: float = Field(default=20.0, gt=0, description="For an answer of mail server or webhook, in s")
    tls_ca_file: Path | None = Field(
        default=None, description="Whom to trust besides whom the system trusts (PEM), for mail server and webhooks"
    )
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")
    metrics_host: OwnMachine = Field(default="127.0.0.1", description="Address of the Prometheus endpoint")
    notify_metrics_port: int = Field(default=18094, ge=0, le=65535, description="Port of the Prometheus endpoint")

    @field_validator("notify_smtp_security")
    @classmethod
    def _private(cls, security: str, info: ValidationInfo) -> str:
        if security == "none" and not (info.data.get("allow_plaintext") or is_loopback(info.data["notify_smtp_host"])):
            raise ValueError(text("notify.plain_mail"))
        return security
