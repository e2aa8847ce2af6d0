"""How the scorer can fail.

    ScorerError
    ├── FencedError        another scorer has moved the partition's offset: give the batch up and seek
    ├── MeasureError       a measure names what its event type does not have: the process must not start
    └── (database and Kafka errors stay what they are: retry later, nothing was committed)

An event that can never be counted is no error: it becomes a `Rejected` with its reason.
"""

from __future__ import annotations


class ScorerError(Exception):
    """Base of the scorer's own failures."""


class FencedError(ScorerError):
    """The stored offset is not the one this batch begins at."""


class MeasureError(ScorerError):
    """A KPI's measure cannot be computed from its event types."""
