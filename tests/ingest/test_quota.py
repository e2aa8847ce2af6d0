"""One sender's share: a rate, a burst, and what is kept of what was refused."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from services.ingest.quota import Quota, Refusals, cost


def test_a_burst_goes_through_and_then_the_rate() -> None:
    quota = Quota(rate=10, burst=5)
    assert [quota.take("a", 100, 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert quota.wait_s("a", 100) == 0.1
    assert quota.take("a", 100, 0.1)
    assert not quota.take("a", 100, 0.15)


def test_one_senders_debt_is_not_anothers() -> None:
    quota = Quota(rate=1, burst=1)
    assert quota.take("a", 1, 0.0)
    assert not quota.take("a", 1, 0.0)
    assert quota.take("b", 1, 0.0)


def test_a_large_message_costs_its_size_and_one_larger_than_the_burst_waits_for_a_full_bucket() -> None:
    assert (cost(0), cost(1024), cost(1025)) == (1, 1, 2)
    quota = Quota(rate=1, burst=4)
    assert quota.take("a", 100 * 1024, 0.0)
    assert not quota.take("a", 1, 50.0)
    assert quota.take("a", 1, 97.0)


def test_without_a_rate_there_is_no_limit() -> None:
    quota = Quota(rate=0, burst=1)
    assert all(quota.take("a", 10_000, 0.0) for _ in range(100))
    assert quota.wait_s("a", 10_000) == 0.0


@given(st.lists(st.tuples(st.floats(0, 5), st.integers(0, 5000)), max_size=200))
def test_nobody_gets_more_than_burst_and_rate(steps: list[tuple[float, int]]) -> None:
    quota, now, taken = Quota(rate=7, burst=20), 0.0, 0
    for wait, size in steps:
        now += wait
        taken += cost(size) if quota.take("a", size, now) else 0
        assert taken <= 20 + 7 * now + 1e-6


def test_of_a_minute_the_first_are_kept_and_the_others_counted() -> None:
    refusals = Refusals(kept=2)
    assert refusals.not_kept(100.0) == {}
    assert [refusals.keep("a") for _ in range(5)] == [True, True, False, False, False]
    assert refusals.keep("b")
    assert refusals.not_kept(130.0) == {}
    assert refusals.not_kept(160.0) == {"a": 3}
    assert refusals.keep("a")
