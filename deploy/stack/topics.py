"""Kafka's topics, made from `schemas/topics/*.yaml`: `python -m deploy.stack.topics HOST:PORT`."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import Iterable, Mapping

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from deploy.stack import acls
from schemas.topics import Topic, load_topics
from services.runtime.kafka import security


async def ensure_topics(
    bootstrap: str, topics: Iterable[Topic] | None = None, tls: ssl.SSLContext | None = None
) -> list[str]:
    """Create the topics that do not exist yet; returns their names. Existing ones are left as they are."""
    wanted: Mapping[str, Topic] = {t.name: t for t in topics} if topics is not None else load_topics()
    admin = AIOKafkaAdminClient(
        bootstrap_servers=bootstrap, client_id="ahual-stack", request_timeout_ms=10_000, **security(tls)
    )
    await admin.start()
    try:
        missing = sorted(wanted.keys() - set(await admin.list_topics()))
        if missing:
            response = await admin.create_topics([_new(wanted[name]) for name in missing])
            for name, code, *_message in response.topic_errors:
                # Two stacks commands at once may both have found it missing.
                if code not in (0, TopicAlreadyExistsError.errno):
                    raise for_code(code)(name)
        if tls:
            await acls.ensure(admin, wanted.values())
        return missing
    finally:
        await admin.close()


def _new(topic: Topic) -> NewTopic:
    config = {**topic.config, "retention.ms": str(topic.retention_ms)}
    return NewTopic(topic.name, topic.partitions, 1, topic_configs=config)


if __name__ == "__main__":
    asyncio.run(ensure_topics(sys.argv[1]))
