"""Annex 4, table 2, and the rows of table 1 that come from the contact centre."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulators.truths.events import Seen
from simulators.truths.kpi import Added, Kpi

_CENTRE: Final = ("contact-centre",)
_ANSWER_WITHIN_MS: Final = {"republican": 30_000, "regional": 45_000, "district": 90_000}
_REGISTERED: Final = "contact-centre.request-registered"
_FORWARDED: Final = "contact-centre.request-forwarded"
_RESOLVED: Final = "contact-centre.request-resolved"
_ANSWERED: Final = "contact-centre.call-answered"


def _waited(call: Seen) -> int:
    return call.at("answered_at") - call.at("queued_at")


def _took(request: Seen) -> int:
    return request.at("resolved_at") - request.at("registered_at")


def _mean_score(survey: str) -> Kpi:
    scores = Added(
        "contact-centre.survey-answered",
        when=lambda e: bool(e.data["survey"] == survey),
        amount=lambda e: 1000 * int(e.data["score"]),
    )
    return Kpi(shape="mean", numerator=(scores,), scale=1000, sources=_CENTRE)


KPIS: Final[Mapping[str, Kpi]] = {
    "1.8": Kpi(
        shape="share",
        numerator=(Added(_ANSWERED, when=lambda e: _waited(e) <= _ANSWER_WITHIN_MS[e.place.category]),),
        denominator=(Added(_ANSWERED), Added("contact-centre.call-abandoned")),
        sources=_CENTRE,
    ),
    "1.9": Kpi(
        shape="share",
        cohort=True,
        numerator=(Added(_RESOLVED, when=lambda e: e.at("resolved_at") <= e.at("due_at"), at="due_at"),),
        denominator=(Added(_REGISTERED, at="due_at"),),
        sources=_CENTRE,
    ),
    "1.10": _mean_score("request_closed"),
    "2.1": Kpi(shape="mean", numerator=(Added(_ANSWERED, amount=_waited),), scale=1000, sources=_CENTRE),
    "2.2": Kpi(
        shape="share",
        numerator=(Added(_RESOLVED, when=lambda e: bool(e.data["first_contact"]), at="registered_at"),),
        denominator=(Added(_REGISTERED, at="registered_at"),),
        sources=_CENTRE,
    ),
    "2.3": _mean_score("service"),
    "2.4": Kpi(shape="count", numerator=(Added(_REGISTERED),), sources=_CENTRE),
    "2.5": Kpi(
        shape="share",
        numerator=(Added(_FORWARDED, when=lambda e: bool(e.data["attempt"] == 1), at="registered_at"),),
        denominator=(Added(_REGISTERED, at="registered_at"),),
        sources=_CENTRE,
    ),
    "2.6": Kpi(
        shape="mean",
        numerator=(Added(_RESOLVED, when=lambda e: bool(e.data["kind"] == "incident"), amount=_took),),
        scale=3_600_000,
        sources=_CENTRE,
    ),
    "2.7": Kpi(
        shape="share",
        numerator=(
            Added(_REGISTERED, when=lambda e: e.data["kind"] == "complaint" and e.data.get("repeat_of") is not None),
        ),
        denominator=(Added(_REGISTERED),),
        sources=_CENTRE,
    ),
}
