"""The compared job in faust-streaming: an agent that takes batches, a table that remembers identities."""

from __future__ import annotations

from typing import Any

import asyncpg
import common
import faust
import orjson

app = faust.App(
    common.GROUP,
    broker=f"kafka://{common.KAFKA}",
    store="memory://",
    datadir=common.STATE,
    topic_partitions=common.PARTITIONS,
    topic_disable_leader=True,
    web_enabled=False,
    stream_wait_empty=False,
)
topic = app.topic(common.TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")
seen: Any = app.Table("seen", default=int, partitions=common.PARTITIONS, use_partitioner=True)
_ADD = common.add_statement("$1::text[]", "$2::timestamptz[]", *(f"${n}::bigint[]" for n in range(3, 8)))


@app.agent(topic)
async def add(stream: Any) -> None:
    """Offsets of a batch are acknowledged when the loop comes back for the next one."""
    connection = await asyncpg.connect(common.DATABASE)
    async for batch in stream.take(common.BATCH, within=1.0):
        new = []
        for value in batch:
            counted = common.count(orjson.loads(value))
            key = f"{counted.source} {counted.identity}"
            if key not in seen:
                seen[key] = 1
                new.append(counted)
        if new:
            await connection.execute(_ADD, *common.columns_of(new))


if __name__ == "__main__":
    app.main()
