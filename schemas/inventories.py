"""Which totals the device registry can state by itself: `inventories.yaml` as frozen models."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, model_validator

from schemas import yaml_text
from schemas.device import Attachment, Part
from schemas.events.reference import TotalName

Network = Literal["electricity", "water", "heat", "gas"]


class Inventory(BaseModel):
    """How a total is counted: objects that devices are attached to, or registered objects."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    system: Part
    attached: Attachment | None = None
    objects: Attachment | None = None
    network: Network | None = None
    mapped: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.attached is None) == (self.objects is None):
            raise ValueError("a total counts either attached or objects")
        if self.objects is None and (self.network is not None or self.mapped):
            raise ValueError("network and mapped belong to objects")
        return self


class Inventories(BaseModel):
    """Every total by its name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    totals: Mapping[TotalName, Inventory]


def load_inventories() -> Inventories:
    """The file `inventories.yaml`; ValidationError names the entry that is wrong."""
    return Inventories.model_validate(yaml_text.parse((files("schemas") / "inventories.yaml").read_text("utf-8")))
