"""A topic deleted and made again under running services: another topic, whatever its name says."""

from __future__ import annotations

import asyncio

from aiokafka.admin import AIOKafkaAdminClient

from deploy.stack import Stack
from deploy.stack.topics import ensure_topics
from schemas.topics import EVENTS


async def recreate(stack: Stack) -> None:
    """Delete the events topic, wait until it is gone, make it again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([EVENTS])
        async with asyncio.timeout(30):
            while EVENTS in await admin.list_topics():  # noqa: ASYNC110  (Kafka tells nobody)
                await asyncio.sleep(0.2)
    finally:
        await admin.close()
    await ensure_topics(stack.kafka_bootstrap)
