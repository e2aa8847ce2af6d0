"""Annex 4, table 6."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi, stated
from simulators.truths.surveys import satisfaction

_TRAFFIC: Final = ("traffic",)
_SEGMENT: Final = "traffic.segment-observed"


def _stretch(observed: Seen) -> int:
    return observed.at("ended_at") - observed.at("begun_at")


def _is_peak(reading: Seen) -> bool:
    """A working day from 8 to 10 or from 17 to 20, by the city's clock."""
    local = reading.local()
    return local.isoweekday() <= 5 and (8 <= local.hour < 10 or 17 <= local.hour < 20)


KPIS: Final[Mapping[str, Kpi]] = {
    "6.1": Kpi(
        shape="mean",
        numerator=(
            Added(
                "traffic.speed-measured",
                when=lambda e: bool(e.data["peak"]),
                amount=lambda e: 36 * int(e.data["speed_mm_s"]),
            ),
            Added(
                "telemetry.readings-reported",
                each="readings",
                when=lambda e: e.system == "traffic" and e.data["quantity"] == "vehicle_speed" and _is_peak(e),
                amount=lambda e: round(36_000 * e.data["value"]),
            ),
        ),
        scale=10_000,
        sources=_TRAFFIC,
    ),
    "6.2": Kpi(
        shape="mean",
        numerator=(Added("traffic.route-travelled", amount=lambda e: e.at("arrived_at") - e.at("departed_at")),),
        scale=60_000,
        sources=_TRAFFIC,
    ),
    "6.3": Kpi(
        shape="ratio",
        numerator=(Added(_SEGMENT, when=lambda e: bool(e.data["jammed"]), amount=_stretch, at="begun_at"),),
        denominator=(Added(_SEGMENT, amount=_stretch, at="begun_at"),),
        scale=PERCENT,
        sources=_TRAFFIC,
    ),
    "6.4": Kpi(
        shape="ratio",
        numerator=(Added("traffic.road-accident-registered", at="occurred_at"),),
        base=(stated("vehicles"),),
        scale=Fraction(1, 10_000),
        sources=_TRAFFIC,
    ),
    "6.5": Kpi(
        shape="latest",
        numerator=(stated("traffic_lights_automated"),),
        base=(stated("traffic_lights"),),
        scale=PERCENT,
        sources=_TRAFFIC,
    ),
    "6.6": satisfaction("traffic", "traffic"),
    "6.7": Kpi(
        shape="mean",
        numerator=(Added("traffic.incident-cleared", amount=lambda e: e.at("cleared_at") - e.at("detected_at")),),
        scale=60_000,
        sources=_TRAFFIC,
    ),
}
