"""The mean score that residents give a system, of 10: the same row in tables 3 to 8 and 10 to 16 of annex 4."""

from __future__ import annotations

from simulators.truths.kpi import Added, Kpi


def satisfaction(subject: str, system: str) -> Kpi:
    """The mean of all answers about a subject, in points."""
    answers = Added(
        "reference.survey-answered",
        when=lambda e: bool(e.data["survey"] == subject),
        amount=lambda e: 1000 * int(e.data["score"]),
        at="answered_at",
    )
    return Kpi(shape="mean", numerator=(answers,), scale=1000, sources=(system,))
