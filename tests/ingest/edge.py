"""A Sparkplug B edge node as its specification describes it: births with aliases, data by alias, sequence numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schemas.device import Device, read_channels
from schemas.identity import Identity
from schemas.sparkplug_pb2 import Metric, Payload

PLANT: Final = Identity("karaganda", "water", "edge-1")
GROUP, NODE = "Water Works", "Pump Station 1"
REGISTERED: Final = (
    Device(
        city="karaganda", system="water", device="edge-1", sparkplug=f"{GROUP}/{NODE}", district="oktyabr",
        channels=read_channels("Supply Voltage=voltage; Temperature=air_temperature; *=-"),
    ),
    Device(
        city="karaganda", system="water", device="pump-1", gateway="edge-1", alias="Pump 1/", district="kazybek-bi",
        channels=read_channels("Pressure=pressure[bar]; Running=working; Mode=state"),
    ),
)  # fmt: skip
MS: Final = 1_773_144_000_000
"""2026-03-10T12:00:00Z."""
INT16, INT32, DOUBLE, BOOLEAN, STRING, UINT64 = 2, 3, 10, 11, 12, 8


def metric(name: str | None, value: float | bool | str | None, datatype: int, alias: int | None = None) -> Metric:
    """One metric; without a name it is known by its alias."""
    made = Metric(name=name, alias=alias, datatype=datatype if name else None, timestamp=MS)
    if value is None:
        made.is_null = True
    elif isinstance(value, bool):
        made.boolean_value = value
    elif isinstance(value, str):
        made.string_value = value
    elif datatype == DOUBLE:
        made.double_value = value
    elif datatype == UINT64:
        made.long_value = int(value)
    else:
        made.int_value = int(value) & (0xFFFF if datatype == INT16 else 0xFFFFFFFF)
    return made


class EdgeNode:
    """Counts its messages; `skip` makes a gap."""

    def __init__(self, group: str = GROUP, node: str = NODE) -> None:
        self._group, self._node = group, node
        self._seq = 0
        self.born = 0

    def topic(self, kind: str, device: str = "") -> str:
        return f"spBv1.0/{self._group}/{kind}/{self._node}" + (f"/{device}" if device else "")

    def message(self, *metrics: Metric, stamped: int | None = MS) -> bytes:
        payload = Payload(timestamp=stamped, metrics=metrics, seq=self._seq)
        self._seq = (self._seq + 1) % 256
        return bytes(payload.SerializeToString())

    def skip(self, messages: int = 1) -> None:
        self._seq = (self._seq + messages) % 256

    def birth(self) -> tuple[str, bytes]:
        self._seq = 0
        self.born += 1
        return self.topic("NBIRTH"), self.message(
            metric("bdSeq", self.born, UINT64),
            metric("Node Control/Rebirth", False, BOOLEAN),
            metric("Supply Voltage", 229.5, DOUBLE, 1),
            metric("Temperature", -5, INT16, 2),
            metric("Firmware", "1.0", STRING, 3),
        )

    def device_birth(self) -> tuple[str, bytes]:
        return self.topic("DBIRTH", "Pump 1"), self.message(
            metric("Pressure", 6.0, DOUBLE, 10),
            metric("Running", True, BOOLEAN, 11),
            metric("Mode", "auto", STRING, 12),
        )

    def data(self, values: Mapping[int, tuple[float, int]]) -> tuple[str, bytes]:
        metrics = [metric(None, value, datatype, alias) for alias, (value, datatype) in values.items()]
        return self.topic("NDATA"), self.message(*metrics)

    def device_data(self, pressure: float) -> tuple[str, bytes]:
        return self.topic("DDATA", "Pump 1"), self.message(metric(None, pressure, DOUBLE, 10))

    def death(self, number: int | None = None) -> tuple[str, bytes]:
        payload = Payload(timestamp=MS, metrics=[metric("bdSeq", self.born if number is None else number, UINT64)])
        return self.topic("NDEATH"), payload.SerializeToString()
