"""A live city goes on where it stopped."""

from __future__ import annotations

from services.cli.simulation import RECENT_MS, live_from
from simulators.coverage import Coverage
from simulators.moments import DAY

NOW = 1_800_000_000_000


def told_until(end: int) -> Coverage:
    coverage = Coverage(None, "karaganda/1")
    coverage.add(NOW - DAY, end)
    return coverage


def test_the_seconds_of_a_restart_are_told() -> None:
    assert live_from(told_until(NOW - 3000), NOW, after_history=False) == NOW - 3000
    assert live_from(told_until(NOW - RECENT_MS), NOW, after_history=False) == NOW - RECENT_MS


def test_what_was_told_ahead_is_not_told_again() -> None:
    assert live_from(told_until(NOW + 500), NOW, after_history=False) == NOW + 500


def test_a_long_silence_stays_silent_unless_the_history_was_told() -> None:
    told = told_until(NOW - RECENT_MS - 1)
    assert live_from(told, NOW, after_history=False) == NOW
    assert live_from(told, NOW, after_history=True) == NOW - RECENT_MS - 1
    assert live_from(Coverage(None, "karaganda/1"), NOW, after_history=False) == NOW
