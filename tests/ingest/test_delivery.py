"""Reading PUBLISH packets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.delivery import Delivery, parse_publish


def packet(topic: bytes, mid: int | None, properties: bytes, payload: bytes) -> bytes:
    assert len(properties) < 128
    identifier = b"" if mid is None else mid.to_bytes(2, "big")
    return len(topic).to_bytes(2, "big") + topic + identifier + bytes((len(properties),)) + properties + payload


def test_quality_one_and_zero() -> None:
    assert parse_publish(0x32, packet(b"a/b", 258, b"", b"x")) == Delivery("a/b", b"x", 1, 258)
    assert parse_publish(0x3A, packet(b"a/b", 258, b"", b"")) == Delivery("a/b", b"", 1, 258)
    assert parse_publish(0x30, packet(b"a/b", None, b"", b"x")) == Delivery("a/b", b"x", 0, 0)


def test_properties_are_stepped_over_whatever_they_hold() -> None:
    odd = b"\x26\x00\x03\xef\xbb\xbf\x00\x01v"
    assert parse_publish(0x32, packet(b"t", 1, odd, b"payload")).payload == b"payload"


def test_long_properties() -> None:
    raw = b"\x00\x01t\x00\x01" + b"\xac\x02" + b"p" * 300 + b"payload"
    assert parse_publish(0x32, raw).payload == b"payload"


CONTENT_TYPE = b"\x03\x00\x16application/senml+cbor"


@pytest.mark.parametrize(
    ("properties", "content_type"),
    [
        (CONTENT_TYPE, "application/senml+cbor"),
        (b"\x01\x01\x02\x00\x00\x00\x05\x23\x00\x01\x0b\xac\x02" + CONTENT_TYPE, "application/senml+cbor"),
        (b"\x26\x00\x03abc\x00\x01v\x08\x00\x01r\x09\x00\x02cd" + CONTENT_TYPE + b"\x26", "application/senml+cbor"),
        (b"\x03\x00\x01\xff", "\ufffd"),
        (b"\x26\x00\x03abc", ""),
        (b"\x7f" + CONTENT_TYPE, ""),
        (b"\x0b\xff\xff\xff\xff\xff", ""),
    ],
)
def test_the_content_type_is_found_among_them(properties: bytes, content_type: str) -> None:
    found = parse_publish(0x32, packet(b"t", 1, properties, b"payload"))
    assert (found.content_type, found.payload) == (content_type, b"payload")


def test_a_topic_that_is_no_text_does_not_raise() -> None:
    assert parse_publish(0x32, packet(b"a\xff", 1, b"", b"x")).topic == "a\ufffd"


@pytest.mark.parametrize("raw", [b"", b"\x00\x01t", b"\x00\x01t\x00\x01", b"\x00\x01t\x00\x01\x05abc"])
def test_a_cut_packet_is_an_error(raw: bytes) -> None:
    with pytest.raises((IndexError, ValueError)):
        parse_publish(0x32, raw)


@given(st.integers(0x30, 0x3F), st.binary(max_size=40))
def test_nothing_else_is_raised(header: int, raw: bytes) -> None:
    try:
        parse_publish(header, raw)
    except (IndexError, ValueError):
        return
