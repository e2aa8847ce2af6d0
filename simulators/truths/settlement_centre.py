"""Annex 4, table 3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import PERCENT, Added, Kpi
from simulators.truths.surveys import satisfaction

_CENTRE: Final = ("settlement-centre",)
_CHARGE: Final = "settlement-centre.charge-issued"
_PAYMENT: Final = "settlement-centre.payment-credited"
_CORRECTION: Final = "settlement-centre.charge-corrected"
_OPERATIONS: Final = (_CHARGE, _PAYMENT, _CORRECTION)


def _in_time(payment: Seen) -> bool:
    """It completes the payment, on the last day at the latest."""
    return bool(payment.data["settles"]) and payment.at("received_at") <= payment.at("due_at")


_ON_TIME: Final = Kpi(
    shape="share",
    cohort=True,
    numerator=(Added(_PAYMENT, when=_in_time, at="due_at"),),
    denominator=(Added(_CHARGE, at="due_at"),),
    sources=_CENTRE,
)
KPIS: Final[Mapping[str, Kpi]] = {
    "3.1": _ON_TIME,
    "3.2": replace(_ON_TIME, complement=True),
    "3.3": Kpi(shape="count", numerator=(Added(_PAYMENT),), sources=_CENTRE),
    "3.4": Kpi(
        shape="mean",
        numerator=(Added(_PAYMENT, amount=lambda e: e.at("credited_at") - e.at("received_at")),),
        scale=3_600_000,
        sources=_CENTRE,
    ),
    "3.5": Kpi(
        shape="share",
        numerator=tuple(Added(kind, when=lambda e: bool(e.data["automated"])) for kind in _OPERATIONS),
        denominator=tuple(Added(kind) for kind in _OPERATIONS),
        sources=_CENTRE,
    ),
    "3.6": Kpi(
        shape="ratio",
        numerator=(Added(_CORRECTION, when=lambda e: bool(e.data["found_by"] == "request")),),
        denominator=(Added(_CHARGE),),
        scale=PERCENT,
        sources=_CENTRE,
    ),
    "3.7": satisfaction("settlement", "settlement-centre"),
}
