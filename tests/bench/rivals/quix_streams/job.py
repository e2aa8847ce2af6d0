"""The compared job in Quix Streams: a stateful filter on RocksDB, and a batching sink of our own."""

from __future__ import annotations

from typing import Any

import common
import psycopg
from quixstreams import Application, State
from quixstreams.sinks import BatchingSink, SinkBatch

_ADD = common.add_statement("%s::text[]", "%s::timestamptz[]", *["%s::bigint[]"] * len(common.COLUMNS))


class Postgres(BatchingSink):
    """Adds a checkpoint's events of a partition to the table in one transaction."""

    def setup(self) -> None:
        """Connect."""
        self._connection = psycopg.connect(common.DATABASE)

    def write(self, batch: SinkBatch) -> None:
        """Called before the checkpoint commits offsets and state."""
        with self._connection.transaction():
            self._connection.execute(_ADD, common.columns_of(item.value for item in batch))


def is_new(counted: common.Counted, state: State) -> bool:
    """State is kept per message key, which is the source."""
    if state.exists(counted.identity):
        return False
    state.set(counted.identity, 1)
    return True


def main() -> None:
    """Run until told to stop."""
    app = Application(
        broker_address=common.KAFKA,
        consumer_group=common.GROUP,
        auto_offset_reset="earliest",
        state_dir=common.STATE,
        use_changelog_topics=False,  # faster; what a restart finds is on this disk
        commit_interval=1.0,
        loglevel="WARNING",
    )
    topic = app.topic(common.TOPIC, key_deserializer="bytes", value_deserializer="json")
    events: Any = app.dataframe(topic)
    events.apply(common.count).filter(is_new, stateful=True).sink(Postgres())
    app.run()


if __name__ == "__main__":
    main()
