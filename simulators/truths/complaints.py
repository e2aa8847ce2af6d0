"""Complaints to the contact centre 109+ about something: the numerator of a row in many tables of annex 4."""

from __future__ import annotations

from simulators.truths.kpi import Added


def complaints(category: str) -> Added:
    """Requests that are complaints, of a category."""
    return Added(
        "contact-centre.request-registered",
        when=lambda e: e.data["kind"] == "complaint" and e.data["category"] == category,
    )
