"""A pack of readings as its device says it: SenML (RFC 8428) in JSON or CBOR, in names and units of its own."""

from __future__ import annotations

import json
from typing import Any, Final, NamedTuple

import cbor2

from simulators.facts import Fact
from simulators.sensors import Channel, alias, sort_of

JSON: Final = "application/senml+json"
CBOR: Final = "application/senml+cbor"
LABELS: Final = {"bver": -1, "bn": -2, "bt": -3, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "t": 6}
"""Of the CBOR form (RFC 8428, section 6)."""
DIGITS: Final = 6
"""Decimal places that a device sends at most."""


class Pack(NamedTuple):
    """What goes over the line."""

    payload: bytes
    content_type: str


def encode(fact: Fact) -> Pack:
    """The pack of a `telemetry.readings-reported`; times are relative to its newest reading's, as RFC 8428 advises."""
    readings = fact.data["readings"]
    sort, _ = sort_of(fact.system, readings[0]["channel"])
    records = [_record(reading, *sort_of(fact.system, reading["channel"])[1:], fact.time) for reading in readings]
    records[0] = {"bn": alias(fact.system, fact.device), "bt": fact.time / 1000, **records[0]}
    if sort.cbor:
        return Pack(cbor2.dumps([{LABELS[name]: one for name, one in record.items()} for record in records]), CBOR)
    return Pack(json.dumps(records, separators=(",", ":")).encode(), JSON)


def _record(reading: dict[str, Any], channel: Channel, newest: int) -> dict[str, Any]:
    ago = (newest - reading["time"]) / 1000
    record = {"n": channel.name, "u": channel.sent, "t": -ago or None}
    if "flag" in reading:
        record["vb"] = reading["flag"]
    else:
        record["v"] = round((reading["value"] - channel.plus) / channel.times, DIGITS)
    return {name: one for name, one in record.items() if one is not None}
