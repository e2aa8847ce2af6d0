"""Annex 4, table 1: the centre itself, and the departments that feed its own KPIs. 1.1 is in `verify.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi, stated

_CENTRE: Final = ("situation-centre",)
_PROBED: Final = "situation-centre.page-probed"
_ARRIVE_WITHIN_MS: Final = {"republican": 360_000, "regional": 600_000, "district": 900_000}
_GRAVE: Final = ("serious", "especially-serious")


def _stretch(probe: Seen) -> int:
    return probe.at("ended_at") - probe.at("begun_at")


def _awaited_until(call: Seen) -> int:
    return call.at("received_at") + _ARRIVE_WITHIN_MS[call.place.category]


def _jobs(*kinds: str) -> Kpi:
    """Jobs of these kinds done in time, of those whose term ends in the window."""

    def wanted(job: Seen) -> bool:
        return job.data["kind"] in kinds

    def in_time(job: Seen) -> bool:
        return wanted(job) and job.at("done_at") <= job.at("due_at")

    return Kpi(
        shape="share",
        cohort=True,
        numerator=(Added("housing.job-done", when=in_time, at="due_at"),),
        denominator=(Added("housing.job-ordered", when=wanted, at="due_at"),),
        sources=("housing",),
    )


def _cases(kind: str, when: Callable[[Seen], bool], at: str, source: str) -> Kpi:
    """How their number has changed."""
    return Kpi(shape="count", change="growth", numerator=(Added(kind, when=when, at=at),), sources=(source,))


KPIS: Final[Mapping[str, Kpi]] = {
    "1.2": Kpi(
        shape="uptime",
        numerator=(Added(_PROBED, when=lambda e: bool(e.data["good"]), amount=_stretch, at="begun_at"),),
        denominator=(Added(_PROBED, amount=_stretch, at="begun_at"),),
        scale=PERCENT,
        sources=_CENTRE,
    ),
    "1.3": Kpi(shape="latest", numerator=(stated("visualisation_types"),), sources=_CENTRE),
    "1.4": Kpi(
        shape="spacing",
        groups={
            "safety": ("video", "fire-safety", "emergency", "public-safety"),
            "housing": ("housing", "settlement-centre", "electricity", "water", "heat", "gas"),
            "ecology": ("environment", "waste"),
            "education": ("education",),
        },
        scale=3_600_000,
        sources=(),
    ),
    "1.5": Kpi(
        shape="latest",
        numerator=(stated("critical_objects_mapped"),),
        base=(stated("critical_objects"),),
        scale=PERCENT,
        sources=_CENTRE,
    ),
    "1.6": Kpi(shape="latest", numerator=(stated("gis_layers"),), sources=_CENTRE),
    "1.7": Kpi(
        shape="share",
        numerator=(
            Added(
                "situation-centre.incident-handled",
                when=lambda e: bool(e.data["by"] == "system"),
                at="registered_at",
            ),
        ),
        denominator=(Added("situation-centre.incident-registered", at="registered_at"),),
        sources=_CENTRE,
    ),
    "1.11": Kpi(
        shape="share",
        cohort=True,
        numerator=(
            Added("emergency.crew-arrived", when=lambda e: e.at("arrived_at") <= _awaited_until(e), at=_awaited_until),
        ),
        denominator=(Added("emergency.call-received", at=_awaited_until),),
        sources=("emergency",),
    ),
    "1.12": _cases(
        "emergency.incident-registered", lambda e: bool(e.data["scale"] == "major"), "happened_at", "emergency"
    ),
    "1.13": _cases(
        "public-safety.crime-registered", lambda e: e.data["gravity"] in _GRAVE, "registered_at", "public-safety"
    ),
    "1.14": _jobs("road-repair"),
    "1.15": _jobs("street-lighting"),
    "1.18": _jobs("refuse-collection", "violation-removal"),
    "1.20": Kpi(shape="latest", change="growth", numerator=(stated("green_m2"),), sources=("greenery",)),
}
