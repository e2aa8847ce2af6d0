"""What is not reported yet, on disk: a page that is down often has its intake for company."""

from __future__ import annotations

import fcntl
import json
import logging
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from services.probe.errors import SpoolTakenError

log = logging.getLogger(__name__)
MOST: Final = 100_000
"""Events that are kept; at one each ten seconds eleven days. What comes then is not kept: a gap, not a wrong figure."""
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS spoken (one INTEGER PRIMARY KEY CHECK (one = 1), until TEXT NOT NULL);
"""


class Waiting(NamedTuple):
    """An event and its place."""

    number: int
    body: Mapping[str, Any]


class Spool:
    """One observer's; SpoolTakenError when another process has it open. Survives `kill -9`."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._most = most
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.with_name(path.name + ".lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            raise SpoolTakenError(path) from None
        self._database = sqlite3.connect(path)
        self._database.executescript("PRAGMA journal_mode = WAL;" + _SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()
        self._lock.close()

    @property
    def until(self) -> datetime | None:
        """Up to when this observer has spoken, ever."""
        row = self._database.execute("SELECT until FROM spoken").fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM event").fetchone()[0])

    def add(self, events: Iterable[Mapping[str, Any]], until: datetime | None = None) -> bool:
        """Keep events, and up to when they speak; whether there was room, here and on the disk."""
        if len(self) >= self._most:
            return False
        rows = [(json.dumps(event, ensure_ascii=False),) for event in events]
        try:
            with self._database:
                self._database.executemany("INSERT INTO event (body) VALUES (?)", rows)
                if until is not None:
                    self._database.execute("INSERT OR REPLACE INTO spoken VALUES (1, ?)", (until.isoformat(),))
        except sqlite3.OperationalError:
            log.exception("nothing can be kept")
            return False
        return True

    def first(self, most: int) -> list[Waiting]:
        """The oldest ones."""
        rows = self._database.execute("SELECT number, body FROM event ORDER BY number LIMIT ?", (most,))
        return [Waiting(number, json.loads(body)) for number, body in rows]

    def drop(self, up_to: int) -> None:
        """Forget what has been reported, up to this number; on a full disk it is reported again, and counts once."""
        try:
            with self._database:
                self._database.execute("DELETE FROM event WHERE number <= ?", (up_to,))
        except sqlite3.OperationalError:
            log.exception("nothing can be forgotten")
