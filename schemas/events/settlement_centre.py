"""Facts of the unified settlement centre (annex 2, initiative 3): charges, what was paid for them, what was wrong.

They feed KPIs 3.1 to 3.6 (annex 4, table 3). Amounts are in tiyn, a hundredth of a tenge.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.events.checks import in_order
from schemas.events.envelope import Account, Data, EventClass, Name, Timestamp

Service = Literal["electricity", "water", "heat", "gas", "waste", "maintenance", "other"]
PaymentChannel = Literal["app", "bank", "terminal", "cash_desk"]
Tiyn = Annotated[int, Field(ge=1, le=10**13)]


class _SettlementCentre(Data):
    system: ClassVar[str | None] = "settlement-centre"
    event_class: ClassVar[EventClass] = "department"


class ChargeIssued(_SettlementCentre):
    """A resident was charged for a service; the payment falls due."""

    type_name: ClassVar[str] = "kz.ahual.settlement-centre.charge-issued.v1"
    title: ClassVar[dict[str, str]] = {"kk": "Төлем есептелді", "ru": "Начисление выставлено", "en": "Charge issued"}

    charge: Name
    account: Account
    service: Service
    amount_tiyn: Tiyn
    charged_at: Timestamp
    due_at: Timestamp
    """The end of the last day on which paying is in time."""
    automated: bool
    """Nobody had to work on it by hand."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "charged_at", "due_at")
        return self


class PaymentCredited(_SettlementCentre):
    """A payment for a charge was received and credited to the account."""

    type_name: ClassVar[str] = "kz.ahual.settlement-centre.payment-credited.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Төлем шотқа түсірілді",
        "ru": "Платёж зачислен",
        "en": "Payment credited",
    }

    payment: Name
    charge: Name
    account: Account
    amount_tiyn: Tiyn
    channel: PaymentChannel
    settles: bool
    """With it the charge is paid in full; false for a part that leaves a rest."""
    due_at: Timestamp
    """As the charge has it."""
    received_at: Timestamp
    credited_at: Timestamp
    automated: bool
    """Nobody had to work on it by hand."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        in_order(self, "received_at", "credited_at")
        return self


class ChargeCorrected(_SettlementCentre):
    """A charge turned out to be wrong and was recalculated."""

    type_name: ClassVar[str] = "kz.ahual.settlement-centre.charge-corrected.v1"
    title: ClassVar[dict[str, str]] = {
        "kk": "Есептелген төлем түзетілді",
        "ru": "Начисление исправлено",
        "en": "Charge corrected",
    }

    charge: Name
    account: Account
    found_by: Literal["request", "own_check"]
    """A resident's request showed it, or the centre's own check."""
    charged_tiyn: Tiyn
    right_tiyn: Annotated[int, Field(ge=0, le=10**13)]
    """What should have been charged."""
    charged_at: Timestamp
    corrected_at: Timestamp
    automated: bool
    """Nobody had to work on it by hand."""

    @model_validator(mode="after")
    def _was_wrong(self) -> Self:
        in_order(self, "charged_at", "corrected_at")
        if self.right_tiyn == self.charged_tiyn:
            raise ValueError("right_tiyn equals charged_tiyn: the charge was not wrong")
        return self


TYPES: tuple[type[Data], ...] = (ChargeIssued, PaymentCredited, ChargeCorrected)
