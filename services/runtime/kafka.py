"""Opening Kafka: producers that wait for every replica, consumers that keep no offsets of their own."""

from __future__ import annotations

import ssl
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

SESSION_S: Final = 10
"""A group gives a member up that was silent for so long."""
POLL_S: Final = 120
"""A member gives its partitions up when it asked for no records for so long."""


def security(tls: ssl.SSLContext | None) -> dict[str, Any]:
    """How a client connects: with TLS it is known by its certificate."""
    return {"security_protocol": "SSL", "ssl_context": tls} if tls else {}


def open_producer(
    bootstrap: str, *, client_id: str, linger_ms: int = 5, tls: ssl.SSLContext | None = None
) -> AIOKafkaProducer:
    """acks=all, lz4, small linger. Not idempotent: a stuck idempotent producer needs a restart (aiokafka #1017), and
    the ledger removes what a retry doubles."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        acks="all",
        compression_type="lz4",
        linger_ms=linger_ms,
        max_batch_size=65_536,
        max_request_size=1_048_576,
        request_timeout_ms=10_000,
        retry_backoff_ms=100,
        **security(tls),
    )


def open_consumer(
    bootstrap: str, *, group: str, client_id: str, instance: str | None = None, tls: ssl.SSLContext | None = None
) -> AIOKafkaConsumer:
    """A group member without auto-commit: the database holds the offsets, the group only shares out partitions.

    A member with an `instance` name of its own takes its predecessor's partitions over at once when it starts again;
    one without has to wait until the group has given the predecessor up. Topics that are made or made again are seen
    within two seconds.
    """
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        group_id=group,
        group_instance_id=instance,
        enable_auto_commit=False,
        auto_offset_reset="none",
        session_timeout_ms=1000 * SESSION_S,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=1000 * POLL_S,
        fetch_max_wait_ms=25,  # a fetch under way for other partitions keeps a partition's records waiting for so long
        max_partition_fetch_bytes=4_194_304,
        metadata_max_age_ms=2_000,
        **security(tls),
    )
