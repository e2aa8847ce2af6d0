"""The device registry in memory: what the names that a sender uses mean. Pure; `registry_reader.py` fills it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from schemas.device import REST, Channel, Device
from schemas.identity import Identity
from schemas.quantities import QUANTITIES, Quantity


class Target(NamedTuple):
    """What one name means."""

    channel: str
    code: str
    quantity: Quantity
    unit: str | None
    """Of the device's numbers, where the message does not say."""
    scale: float
    device: str | None
    """The device behind the sender; None: the sender itself."""
    district: str | None
    """Where that device is, if not where the sender is."""
    removed_on: date | None


@dataclass(frozen=True, slots=True)
class Sender:
    """A registered sender, with what its names and those of the devices behind it mean."""

    district: str | None
    targets: Mapping[str, Target | None]
    """None: left out on purpose."""
    ignored: tuple[str, ...]
    """Beginnings of names that are left out unless they are named."""

    def find(self, name: str, unit: str | None) -> Target | None:
        """What a name means; where one name has several units, `name[unit]` is registered. None: nothing."""
        return self.targets.get(f"{name}[{unit}]") or self.targets.get(name)

    def ignores(self, name: str) -> bool:
        """Whether a name that means nothing is left out on purpose."""
        return name in self.targets or name.startswith(self.ignored)


class DeviceRegistry:
    """All registered devices; what a sender's names mean is worked out when it is first heard."""

    def __init__(self, devices: Iterable[Device] = ()) -> None:
        self._devices: dict[Identity, Device] = {}
        self._behind: dict[Identity, set[Identity]] = {}
        self._edge_nodes: dict[str, Identity] = {}
        self._senders: dict[Identity, Sender] = {}
        self.put(devices)

    def put(self, devices: Iterable[Device]) -> None:
        """Add devices, or what they have become."""
        for device in devices:
            identity = device.identity
            self._forget(identity)
            self._devices[identity] = device
            if device.gateway:
                self._behind.setdefault(identity._replace(device=device.gateway), set()).add(identity)
            if device.sparkplug:
                self._edge_nodes[device.sparkplug] = identity
            self._changed(device)

    def _forget(self, identity: Identity) -> None:
        before = self._devices.pop(identity, None)
        if before is None:
            return
        if before.gateway:
            self._behind[identity._replace(device=before.gateway)].discard(identity)
        if before.sparkplug and self._edge_nodes.get(before.sparkplug) == identity:
            del self._edge_nodes[before.sparkplug]
        self._changed(before)

    def _changed(self, device: Device) -> None:
        self._senders.pop(device.identity, None)
        if device.gateway:
            self._senders.pop(device.identity._replace(device=device.gateway), None)

    def __len__(self) -> int:
        return len(self._devices)

    @property
    def edge_nodes(self) -> Mapping[str, Identity]:
        """By `group/edge node` of Sparkplug B."""
        return self._edge_nodes

    def sender(self, identity: Identity) -> Sender | None:
        """What this sender's names mean; None when it is not registered."""
        known = self._senders.get(identity)
        if known is None and identity in self._devices:
            known = self._senders[identity] = self._work_out(identity)
        return known

    def _work_out(self, identity: Identity) -> Sender:
        own = self._devices[identity]
        targets: dict[str, Target | None] = {}
        ignored: list[str] = []
        for device in (own, *(self._devices[behind] for behind in sorted(self._behind.get(identity, ())))):
            for name, channel in device.channels.items():
                if name == REST:
                    ignored.append(device.alias)
                else:
                    targets[device.alias + name] = _target(name, channel, device, own) if channel else None
        return Sender(own.district, targets, tuple(ignored))


def _target(name: str, channel: Channel, device: Device, sender: Device) -> Target:
    quantity = QUANTITIES[channel.quantity]
    return Target(
        channel.channel or name,
        channel.quantity,
        quantity,
        channel.unit or quantity.unit,
        channel.scale,
        device.device if device is not sender else None,
        device.district if device.district != sender.district else None,
        device.removed_on,
    )
