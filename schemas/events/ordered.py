"""Data whose timestamps follow each other: what ends cannot end before it began."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from schemas.events.envelope import Data


class Ordered(Data):
    """Refuses data whose timestamps are the wrong way round."""

    order: ClassVar[tuple[tuple[str, str], ...]] = ()
    """Pairs of fields (earlier, later); equal moments are in order."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for earlier, later in self.order:
            if getattr(self, later) < getattr(self, earlier):
                raise ValueError(f"{later} lies before {earlier}")
        return self
