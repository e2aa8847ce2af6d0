"""The registry's language: channel maps in a table's cell, and what makes no device."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from schemas.device import Channel, Device, read_channels, write_channels

CELL = "T=air_temperature[degF]*0.1>outside; urn:dev:ow:1:H=relative_humidity ;a=b=pm10; debug=-; *=-"


def test_a_cell_is_a_map_of_channels() -> None:
    assert read_channels(CELL) == {
        "T": Channel(quantity="air_temperature", unit="degF", scale=0.1, channel="outside"),
        "urn:dev:ow:1:H": Channel(quantity="relative_humidity"),
        "a=b": Channel(quantity="pm10"),
        "debug": None,
        "*": None,
    }
    assert read_channels("") == {}


def test_what_is_written_is_read_again() -> None:
    channels = read_channels(CELL)
    device = Device(city="karaganda", system="environment", device="mast-1", channels=channels)
    again = Device.model_validate({"city": "c", "system": "s", "device": "d", "channels": write_channels(channels)})
    assert again.channels == device.channels


def test_names_with_a_semicolon_need_json() -> None:
    name = "urn:dev:mac:0024;T"
    assert read_channels(f'{{"{name}": {{"quantity": "noise"}}}}') == {name: Channel(quantity="noise")}


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        ("T", "is not NAME=quantity"),
        ("T=", "is not NAME=quantity"),
        ("=noise", "is not NAME=quantity"),
        ("T=mood", "no quantity mood"),
        ("T=air_temperature[bar]", "bar is not converted into Cel"),
        ("T=air_temperature*0", "greater than 0"),
        ("T=noise*x", "is not NAME=quantity"),
        ("{", "JSON"),
    ],
)
def test_a_wrong_cell_says_why(cell: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_channels(cell)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"device": "Mast 1"}, "pattern"),
        ({"latitude": 49.8}, "belong together"),
        ({"latitude": 98, "longitude": 73}, "less than or equal to 90"),
        ({"attached_kind": "building"}, "belong together"),
        ({"attached_kind": "moon", "attached_to": "1"}, "building"),
        ({"gateway": "mast-1"}, "its own gateway"),
        ({"sparkplug": "plant"}, "pattern"),
        ({"sparkplug": "plant/+"}, "pattern"),
        ({"installed_on": "2026-02-01", "removed_on": "2026-01-01"}, "removed_on lies before"),
        ({"interval_s": 0}, "greater than 0"),
        ({"place": "here"}, "Extra inputs"),
    ],
)
def test_what_makes_no_device(fields: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Device.model_validate({"city": "karaganda", "system": "environment", "device": "mast-1", **fields})
