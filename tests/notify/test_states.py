"""What is news: hysteresis, waiting, reminders, and that nothing is said twice."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.quiet import due
from services.notify.rules import KpiRule, Quiet
from services.notify.states import News, State, following

NOW = datetime(2027, 3, 9, 12, tzinfo=UTC)


def rule(**given: object) -> KpiRule:
    stated = {"kind": "kpi", "name": "r", "ways": ("w",), "below": 0.8, "recovered": 0.9, "wait_s": 60}
    return KpiRule.model_validate({**stated, **given})


def news(kpi: KpiRule, *looks: tuple[float, float]) -> list[News | None]:
    """Of looks as (second, value)."""
    state, told = State(), []
    for second, value in looks:
        state, one = following(state, kpi, value, NOW + timedelta(seconds=second))
        told.append(one)
    return told


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([(0, 0.5), (59, 0.5), (60, 0.5), (90, 0.5)], [None, None, "raised", None]),
        ([(0, 0.5), (30, 0.85), (61, 0.5)], [None, None, None]),  # it was not bad all the time
        ([(0, 0.5), (60, 0.5), (70, 0.85), (900, 0.89)], [None, "raised", None, None]),  # between the limits
        ([(0, 0.5), (60, 0.5), (70, 0.9), (129, 0.9), (130, 0.9)], [None, "raised", None, None, "cleared"]),
        ([(0, 0.5), (60, 0.5), (70, 0.95), (100, 0.5), (140, 0.95)], [None, "raised", None, None, None]),
    ],
)
def test_two_limits_and_a_while(looks: list[tuple[float, float]], told: list[News | None]) -> None:
    assert news(rule(), *looks) == told


def test_what_stays_bad_is_said_again_after_so_long() -> None:
    reminded = rule(wait_s=0, again_s=3600)
    assert news(reminded, (0, 0.5), (3599, 0.5), (3600, 0.5), (3700, 0.5), (7200, 0.5)) == [
        *("raised", None, "reminded", None, "reminded"),
    ]
    assert news(rule(wait_s=0, again_s=None), (0, 0.5), (1e7, 0.5)) == ["raised", None]


@given(st.lists(st.floats(0, 1), max_size=60), st.sampled_from([0, 15, 40]))
def test_raised_and_cleared_take_turns(values: list[float], wait_s: float) -> None:
    told = news(rule(wait_s=wait_s, again_s=None), *((15.0 * place, value) for place, value in enumerate(values)))
    said = [one for one in told if one]
    assert said == [("raised", "cleared")[place % 2] for place in range(len(said))]


NIGHT = Quiet(begin=time(22), end=time(7))


@pytest.mark.parametrize(
    ("quiet", "now", "expected"),
    [
        (None, "2027-03-09T20:00+00:00", "2027-03-09T20:00+00:00"),
        (NIGHT, "2027-03-09T16:59+00:00", "2027-03-09T16:59+00:00"),  # 21:59 in Almaty
        (NIGHT, "2027-03-09T17:00+00:00", "2027-03-10T02:00+00:00"),  # 22:00 there, until 07:00 of the next day
        (NIGHT, "2027-03-09T23:30+00:00", "2027-03-10T02:00+00:00"),  # 04:30 there
        (NIGHT, "2027-03-10T02:00+00:00", "2027-03-10T02:00+00:00"),
        (Quiet(begin=time(12), end=time(13)), "2027-03-09T07:30+00:00", "2027-03-09T08:00+00:00"),
        (Quiet(begin=time(12), end=time(12)), "2027-03-09T07:30+00:00", "2027-03-09T07:30+00:00"),
    ],
)
def test_quiet_hours_are_the_citys_own(quiet: Quiet | None, now: str, expected: str) -> None:
    assert due(quiet, datetime.fromisoformat(now), "Asia/Almaty") == datetime.fromisoformat(expected)
