"""What the gateway and the HTTP intake are told from outside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from pydantic import Field, SecretStr, ValidationInfo, field_validator

from services.ingest.privacy import Privacy
from services.ingest.quota import Quota
from services.ingest.validation import Limits
from services.runtime.messages import text
from services.runtime.settings import DatabaseSettings, RuntimeSettings


class PrivacySettings(DatabaseSettings):
    """For whoever takes events in."""

    privacy_keys_file: Path | None = Field(
        default=None,
        validate_default=True,
        description="Keys that hash what identifies a person (`ahual privacy init`); read again when it changes",
    )
    seal_public_key_file: Path | None = Field(
        default=None,
        validate_default=True,
        description="Public key that seals payloads of dead letters (PEM)",
    )

    @field_validator("privacy_keys_file", "seal_public_key_file")
    @classmethod
    def _given(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        if path is None and not info.data.get("allow_plaintext"):
            raise ValueError(text("privacy.no_file"))
        if path is not None and not path.is_file():
            raise ValueError(text("cli.no_file", file=path))
        return path

    def privacy(self) -> Privacy:
        """What the files hold; KeyFileError when they are damaged. In a demo without them no personal value passes."""
        return Privacy.read(self.privacy_keys_file, self.seal_public_key_file)


class OpenerSettings(DatabaseSettings):
    """For an administrator who opens dead letters."""

    seal_private_key_file: Path | None = Field(
        default=None, description="Private key that opens dead letters (PEM): for `ahual dlq show` and `replay` only"
    )


class IngestSettings(RuntimeSettings, PrivacySettings):
    """`AHUAL_MQTT_…` and `AHUAL_INGEST_…` beside the shared `AHUAL_…`."""

    mqtt_host: str = Field(default="127.0.0.1", description="MQTT broker's address")
    mqtt_port: int = Field(default=1883, ge=1, le=65535, description="MQTT broker's port for gateways")
    mqtt_username: str = Field(default="", description="MQTT account; empty: anonymous")
    mqtt_password: SecretStr = Field(default=SecretStr(""), description="MQTT password")
    mqtt_client_id: str = Field(
        default="ahual-ingest-1", min_length=1, description="Fixed: the broker keeps its session under this name"
    )
    mqtt_sparkplug_client_id: str = Field(
        default="ahual-ingest-1", description="The one gateway that follows Sparkplug B edge nodes; empty: none"
    )
    mqtt_keepalive_s: int = Field(default=30, ge=5, le=3600, description="MQTT keep-alive, in s")
    ingest_max_in_flight: int = Field(
        default=2000, ge=1, le=65535, description="MQTT messages held until Kafka confirms, then reading pauses"
    )
    ingest_max_in_flight_bytes: int = Field(
        default=67_108_864, ge=1, description="Bytes of such messages, then reading pauses too"
    )
    ingest_http_host: str = Field(default="127.0.0.1", description="Address of the HTTP intake")
    ingest_http_port: int = Field(default=18081, ge=0, le=65535, description="Port of the HTTP intake; 0: a free one")
    ingest_max_body_bytes: int = Field(default=8_388_608, ge=1, description="Largest HTTP request body, in bytes")
    ingest_max_waiting: int = Field(
        default=20_000, ge=1, description="Events of HTTP requests that wait for Kafka at once, then 503"
    )
    ingest_confirm_timeout_s: float = Field(
        default=20.0, gt=0, description="How long an HTTP request waits for Kafka, in s, then 503"
    )
    ingest_keys_refresh_s: float = Field(default=3.0, gt=0, description="How often API keys are read again, in s")
    ingest_registry_refresh_s: float = Field(
        default=2.0, gt=0, description="How often changes of the device registry are read, in s"
    )
    ingest_metrics_port: int = Field(default=18091, ge=0, le=65535, description="Port of the Prometheus endpoint")
    ingest_max_message_bytes: int = Field(default=262_144, ge=1, description="Largest MQTT message or event, in bytes")
    ingest_max_items: int = Field(default=10_000, ge=1, description="Most events in one array or batch")
    ingest_max_future_s: float = Field(default=300.0, ge=0, description="How far a sender's clock may be ahead, in s")
    ingest_device_rate: float = Field(
        default=2000.0, ge=0, description="Quota of a device, in messages a second, each begun KiB as one; 0: none"
    )
    ingest_device_burst: int = Field(default=20_000, ge=1, description="Messages a device may send at once")
    ingest_department_rate: float = Field(
        default=10_000.0, ge=0, description="Quota of an API key's owner, in KiB a second; 0: none"
    )
    ingest_department_burst: int = Field(default=100_000, ge=1, description="KiB a department may send at once")
    ingest_quota_kept: int = Field(
        default=100, ge=0, description="Messages over the quota that become dead letters, per device and minute"
    )
    ingest_line_share: float = Field(
        default=0.9, gt=0, lt=1, description="Share of mostly rejected senders above which the gateway stops reading"
    )
    ingest_line_least: int = Field(default=5000, ge=20, description="Messages that are looked at for this")
    ingest_line_pause_s: float = Field(default=60.0, gt=0, description="How long it stops before it tries again, in s")
    ingest_drain_s: float = Field(default=10.0, gt=0, description="Time for what is held when told to stop, in s")

    @property
    def device_quota(self) -> Quota:
        """One device's share of the gateway."""
        return Quota(self.ingest_device_rate, self.ingest_device_burst)

    @property
    def department_quota(self) -> Quota:
        """One department's share of the intake."""
        return Quota(self.ingest_department_rate, self.ingest_department_burst)

    @property
    def limits(self) -> Limits:
        """What one message may be."""
        return Limits(
            max_bytes=self.ingest_max_message_bytes,
            max_items=self.ingest_max_items,
            max_future=timedelta(seconds=self.ingest_max_future_s),
        )
