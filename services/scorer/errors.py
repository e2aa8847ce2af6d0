"""How the scorer can fail.

    ScorerError
    ├── FencedError        another scorer has moved the partition's offset: give the batch up and seek
    ├── KnownEventsError   a batch that was taken for new holds stored events: begin its transaction anew
    ├── UnknownCityError   an event of a city that was not registered when the cities were read: read them again
    ├── ContendedError     another partition decides the same correction at this moment: nothing committed, try again
    ├── MeasureError       a measure names what its event type does not have: the process must not start
    ├── OtherMeasuresError a rebuild would compare what different measures added
    ├── OutdatedError      a partition follows newer measures than this process has: it must not go on
    ├── ArchiveError       the archive is damaged, or another one's: nothing is dropped, nothing imported
    └── (database and Kafka errors stay what they are: retry later, nothing was committed)

An event that can never be counted is no error: it becomes a `Rejected` with its reason.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


class ScorerError(Exception):
    """Base of the scorer's own failures."""


class FencedError(ScorerError):
    """The stored offset is not the one this batch begins at."""


class KnownEventsError(ScorerError):
    """A batch holds events that the ledger has already."""


class UnknownCityError(ScorerError):
    """A batch holds events of a city that is not known, or not yet."""


class ContendedError(ScorerError):
    """Two partitions' transactions correct the same event at once; this one starts over and sees what the other did."""


class MeasureError(ScorerError):
    """A KPI's measure cannot be computed from its event types."""


class OtherMeasuresError(ScorerError):
    """The partition's parts were added under other measures, categories or time zones than this process has."""

    def __init__(self, partition: int, codes: list[str]) -> None:
        super().__init__(f"partition {partition} was added to under other definitions of {', '.join(codes)}")
        self.partition = partition
        self.codes = codes


class OutdatedError(ScorerError):
    """A newer catalogue has rebuilt this partition already."""

    def __init__(self, partition: int, since: datetime) -> None:
        super().__init__(
            f"partition {partition} follows newer measures, first used {since:%Y-%m-%d %H:%M} UTC: update this scorer,"
            " or go back on purpose with `ahual rebuild --adopt`"
        )
        self.partition = partition
        self.since = since


class ArchiveError(ScorerError):
    """The archive cannot be trusted; `problem` is the end of a message's name, `archive.problem_…`."""

    def __init__(self, path: Path | None, problem: str) -> None:
        super().__init__(f"{problem}: {path or 'archive'}")
        self.path = path
        self.problem = problem
