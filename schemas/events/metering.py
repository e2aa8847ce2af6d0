"""What the four metered supplies have in common (annex 2, initiatives 13 to 16): readings, outages, restorations.

They feed KPIs 13.2, 13.3 and their likes of 14, 15 and 16 of annex 4; buildings with meters are dated totals
(`reference.py`). A reading's account is known by a keyed hash only.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, model_validator

from schemas.events.envelope import Account, Data, EventClass, Name, Timestamp

MOST: int = 10**12
"""A GWh or a million m³ between two readings: more is a wrong unit."""


def _consumption(amount: int) -> int:
    if amount < 0:
        raise ValueError("consumption cannot be negative: read the meter again")
    if amount > MOST:
        raise ValueError("consumption is impossibly high: check the unit")
    return amount


Consumption = Annotated[int, AfterValidator(_consumption)]
"""Between two readings, in the unit the field's name ends with."""


class ReadingAccepted(Data):
    """A meter's reading was accepted for billing."""

    event_class: ClassVar[EventClass] = "department"

    account: Account
    method: Literal["automatic", "manual"]
    """`manual`: somebody wrote it down, residents in an app included."""
    begun_at: Timestamp
    """The reading before."""
    read_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.read_at <= self.begun_at:
            raise ValueError("read_at does not lie after begun_at, the reading before")
        return self


class _Outage(Data):
    event_class: ClassVar[EventClass] = "department"

    outage: Name
    cause: Literal["accident", "planned"]
    """`planned`: announced works; they are no accident and count for no KPI."""
    begun_at: Timestamp


class OutageBegun(_Outage):
    """Supply was interrupted somewhere in the network."""


class SupplyRestored(_Outage):
    """An outage ended for everybody it had hit."""

    restored_at: Timestamp

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.restored_at < self.begun_at:
            raise ValueError("restored_at lies before begun_at: supply is restored after the outage began")
        return self
