"""The line stops when nearly every sender is rejected, and only then."""

from __future__ import annotations

import pytest

from services.ingest.line import TRIAL, Line


def line() -> Line:
    return Line(share=0.9, least=100, window_s=60, pause_s=30)


def feed(line: Line, messages: int, senders: int, *, good: int, bad: int, now: float) -> None:
    for number in range(messages):
        line.count(number % senders, good=good, bad=bad, now=now)


def test_it_stops_for_a_pause_and_tries_again() -> None:
    stopping = line()
    feed(stopping, 99, 5, good=0, bad=1, now=1.0)
    assert not stopping.stopped(1.0)
    feed(stopping, 1, 5, good=0, bad=1, now=1.0)
    assert stopping.stopped(1.0)
    assert stopping.stopped(30.9)
    assert not stopping.stopped(31.0)
    feed(stopping, TRIAL, 5, good=0, bad=1, now=32.0)
    assert stopping.stopped(32.0), "a few messages are enough to see that nothing is better"
    assert not stopping.stopped(62.0)
    feed(stopping, TRIAL, 5, good=1, bad=0, now=63.0)
    feed(stopping, 50, 5, good=0, bad=1, now=63.0)
    assert not stopping.stopped(63.0), "running again, it needs as much as at first to stop"


@pytest.mark.parametrize(("mad", "sound"), [(1, 0), (1, 4), (2, 0), (5, 5)])
def test_some_mad_devices_do_not_stop_it(mad: int, sound: int) -> None:
    running = line()
    for _ in range(1000):
        for number in range(mad):
            running.count(number, good=0, bad=50, now=1.0)
        for number in range(sound):
            running.count(100 + number, good=1, bad=0, now=1.0)
    assert not running.stopped(1.0)


def test_what_was_long_ago_does_not_count() -> None:
    running = line()
    feed(running, 99, 5, good=0, bad=1, now=1.0)
    feed(running, 99, 5, good=0, bad=1, now=62.0)
    assert not running.stopped(62.0)
