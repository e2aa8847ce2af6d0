"""Annex 4, table 9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi, stated

_VIDEO: Final = ("video",)
_PROCESSED: Final = "video.violation-processed"
_VERIFIED: Final = "video.incident-verified"


def _is(field: str, value: str) -> Callable[[Seen], bool]:
    return lambda event: bool(event.data[field] == value)


def _between(earlier: str, later: str) -> Callable[[Seen], int]:
    return lambda event: event.at(later) - event.at(earlier)


def _monitored(event: Seen) -> bool:
    """Annex 3 asks no video monitoring of district centres."""
    return event.place.category != "district"


def _false_sighting(event: Seen) -> bool:
    return _monitored(event) and event.data["outcome"] == "false"


KPIS: Final[Mapping[str, Kpi]] = {
    "9.1": Kpi(
        shape="latest",
        numerator=(stated("roads_enforced_m"),),
        base=(stated("roads_m"),),
        scale=PERCENT,
        sources=_VIDEO,
    ),
    "9.2": Kpi(
        shape="ratio",
        numerator=(Added(_PROCESSED, when=_is("outcome", "confirmed"), at="recorded_at"),),
        base=(stated("vehicles"),),
        scale=Fraction(1, 1000),
        sources=_VIDEO,
    ),
    "9.3": Kpi(
        shape="share",
        numerator=(Added(_PROCESSED, when=_is("by", "system"), at="recorded_at"),),
        denominator=(Added("video.violation-recorded", at="recorded_at"),),
        sources=_VIDEO,
    ),
    "9.4": Kpi(
        shape="mean",
        numerator=(Added("video.notice-sent", amount=_between("recorded_at", "sent_at")),),
        scale=60_000,
        sources=_VIDEO,
    ),
    "9.5": Kpi(
        shape="share",
        cohort=True,
        numerator=(Added("video.fine-paid", when=lambda e: e.at("paid_at") <= e.at("due_at"), at="due_at"),),
        denominator=(Added("video.fine-imposed", at="due_at"),),
        sources=_VIDEO,
    ),
    "9.6": Kpi(
        shape="count",
        numerator=(Added(_VERIFIED, when=_is("outcome", "confirmed"), at="detected_at"),),
        sources=_VIDEO,
    ),
    "9.7": Kpi(
        shape="share",
        numerator=(Added("video.recording-analysed", when=_is("by", "analytics"), at="ended_at"),),
        denominator=(Added("video.recording-stored", at="ended_at"),),
        sources=_VIDEO,
    ),
    "9.8": Kpi(
        shape="mean",
        numerator=(Added("video.incident-responded", amount=_between("detected_at", "responded_at")),),
        scale=60_000,
        sources=_VIDEO,
    ),
    "9.9": Kpi(
        shape="share",
        numerator=(Added(_PROCESSED, when=_is("outcome", "false")), Added(_VERIFIED, when=_false_sighting)),
        denominator=(Added(_PROCESSED), Added(_VERIFIED, when=_monitored)),
        sources=_VIDEO,
    ),
}
