"""What SDU made of our figures: point 12.4 makes only that official, so it stands beside ours, never in its place."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.catalogue import Text
from schemas.snapshot import ClosedSnapshot, KpiValue

Label = Literal["operational_estimate", "confirmed_by_sdu", "corrected_by_sdu"]
"""A figure is confirmed while SDU's answer is the same number; a later revision of ours is an estimate again."""
SAME: Final = 1e-9
"""Relative difference below which two numbers are the same."""


class SduAnswer(BaseModel):
    """SDU's newest answer on one KPI of one closed period, beside our newest value of that period."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="of the period: 2027-03-09, 2027-W05, 2027-03, 2027-Q1, 2027")
    status: Literal["confirmed", "corrected"]
    value: float = Field(description="SDU's, in the KPI's unit")
    ours: KpiValue | None
    revision: int | None = Field(description="of ours")
    difference: float | None = Field(description="SDU's minus ours; null where ours is no number")
    answered_at: datetime
    reference: str
    label: Label
    label_name: Text | str


class AnsweredSnapshot(ClosedSnapshot):
    """A closed score on some of whose figures SDU has answered; `label` is confirmed once all that count are."""

    label: Label = "operational_estimate"  # type: ignore[assignment]  # our own figures bear the one label only
    answers: dict[str, SduAnswer] = Field(description="by KPI: SDU's answers on just these periods")


def label_of(status: str, value: float, ours: KpiValue | None) -> Label:
    """What our figure may be called. Pure."""
    if status == "corrected":
        return "corrected_by_sdu"
    same = isinstance(ours, (int, float)) and abs(value - ours) <= SAME * max(1.0, abs(value))
    return "confirmed_by_sdu" if same else "operational_estimate"
