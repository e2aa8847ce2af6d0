"""The compared job in Bytewax: batches all the way, identities in state per source, a dynamic sink."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bytewax.operators as op
import common
import orjson
import psycopg
from bytewax.connectors.kafka import KafkaSource
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.outputs import DynamicSink, StatelessSinkPartition

_ADD = common.add_statement("%s::text[]", "%s::timestamptz[]", *["%s::bigint[]"] * len(common.COLUMNS))


class Seen(StatefulBatchLogic):
    """Identities of one source; what is new goes on."""

    def __init__(self, state: set[str] | None) -> None:
        self._identities = state or set()

    def on_batch(self, values: list[common.Counted]) -> tuple[Iterable[common.Counted], bool]:
        """The new ones, and that the state is kept."""
        new = []
        for counted in values:
            if counted.identity not in self._identities:
                self._identities.add(counted.identity)
                new.append(counted)
        return new, StatefulBatchLogic.RETAIN

    def snapshot(self) -> set[str]:
        """What recovery stores at the end of an epoch."""
        return self._identities.copy()


class Partition(StatelessSinkPartition):
    """One worker's connection."""

    def __init__(self) -> None:
        self._connection = psycopg.connect(common.DATABASE)

    def write_batch(self, items: list[tuple[str, common.Counted]]) -> None:
        """One transaction per batch that arrives."""
        with self._connection.transaction():
            self._connection.execute(_ADD, common.columns_of(counted for _, counted in items))


class Postgres(DynamicSink):
    """A partition per worker."""

    def build(self, _step_id: str, _worker_index: int, _worker_count: int) -> Partition:
        """Connect."""
        return Partition()


def parse(messages: list[Any]) -> Iterable[tuple[str, common.Counted]]:
    """A batch of Kafka messages, keyed by source."""
    for message in messages:
        counted = common.count(orjson.loads(message.value))
        yield counted.source, counted


flow = Dataflow("bench")
messages = op.input("kafka", flow, KafkaSource([common.KAFKA], [common.TOPIC], batch_size=common.BATCH))
new = op.stateful_batch("seen", op.flat_map_batch("parse", messages, parse), Seen)
op.output("postgres", new, Postgres())
