"""Every port of the local stack, away from the standard ones so that it runs beside what is there already."""

from __future__ import annotations

import socket
from collections.abc import Iterable

import psutil
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from deploy.stack.errors import StackError

SERVERS = ("mqtt", "mqtt_internal", "mqtt_certificate", "kafka", "kafka_controller", "postgres")
TEST_OFFSET = 10_000


class Ports(BaseSettings):
    """TCP ports on 127.0.0.1; `AHUAL_PORT_KAFKA=29092` moves one of them."""

    model_config = SettingsConfigDict(env_prefix="AHUAL_PORT_", frozen=True, extra="ignore")

    mqtt: int = Field(default=18830, ge=1, le=65535, description="MQTT for devices")
    mqtt_internal: int = Field(default=18831, ge=1, le=65535, description="MQTT for our gateways")
    mqtt_certificate: int = Field(default=18832, ge=1, le=65535, description="MQTT for devices with certificates (TLS)")
    kafka: int = Field(default=19092, ge=1, le=65535, description="Kafka broker")
    kafka_controller: int = Field(default=19093, ge=1, le=65535, description="Kafka's own quorum")
    postgres: int = Field(default=15432, ge=1, le=65535, description="PostgreSQL with TimescaleDB")
    api: int = Field(default=18080, ge=1, le=65535, description="REST, live push and the page")
    ingest_http: int = Field(default=18081, ge=1, le=65535, description="HTTP intake for departments")
    metrics_ingest: int = Field(default=18091, ge=1, le=65535, description="Prometheus endpoint of the gateway")
    metrics_scorer: int = Field(default=18092, ge=1, le=65535, description="Prometheus endpoint of the scorer")
    metrics_probe: int = Field(default=18093, ge=1, le=65535, description="Prometheus endpoint of the probe")
    metrics_notify: int = Field(default=18094, ge=1, le=65535, description="Prometheus endpoint of the notifier")

    @classmethod
    def test(cls) -> Ports:
        """The ports of the test stack: each 10,000 above its default."""
        defaults = {name: field.default + TEST_OFFSET for name, field in cls.model_fields.items()}
        return cls(**defaults)


def require_free(ports: Ports, names: Iterable[str] = SERVERS) -> None:
    """StackError with port, holder and remedy when somebody listens on one of these already."""
    for name in names:
        port = int(getattr(ports, name))
        if not _is_free(port):
            raise StackError("port_taken", port=port, holder=_holder(port), variable=f"AHUAL_PORT_{name.upper()}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As our servers do it: connections in TIME_WAIT are no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError:
            return False
        except OSError:
            return False
    return True


def _holder(port: int) -> str:
    """Name and process id of who listens there, or a question mark when the system does not tell us."""
    try:
        pids = {c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port == port and c.pid}
        return ", ".join(f"{psutil.Process(pid).name()} (pid {pid})" for pid in sorted(pids)) or "?"
    except psutil.Error:
        return "?"
