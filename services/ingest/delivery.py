"""One PUBLISH packet as the gateway needs it, read without paho's property objects.

paho builds a table of all 27 MQTT 5 properties for each packet (44 µs, more than all our own work), and a property it
finds odd makes it drop the connection: since the broker would deliver that packet again and again, one device could
stop everybody. Here properties are stepped over.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

READ_BYTES: Final = 65_536


class Delivery(NamedTuple):
    """A message as the broker delivered it. `mid` means something in its own connection only; QoS 0 has none."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    content_type: str = ""


def parse_publish(header: int, packet: bytes) -> Delivery:
    """Read an MQTT 5 PUBLISH: `header` is the fixed header's first byte, `packet` what follows its length.

    IndexError or ValueError when it is cut short. A topic that is not UTF-8 keeps its bytes as replacement marks.
    """
    qos = header >> 1 & 3
    position = 2 + int.from_bytes(packet[:2], "big")
    topic = packet[2:position].decode(errors="replace")
    mid = 0
    if qos:
        mid = int.from_bytes(packet[position : position + 2], "big")
        position += 2
    length, position = _varint(packet, position)
    if position + length > len(packet):
        raise ValueError("PUBLISH is cut short")
    end = position + length
    content_type = _content_type(packet[position:end]) if length else ""
    return Delivery(topic, packet[end:], qos, mid, content_type)


_CONTENT_TYPE: Final = 0x03
_FIXED: Final = {0x01: 1, 0x02: 4, 0x23: 2}
"""Length of the properties of a PUBLISH that have a fixed one; 0x0B is a varint, 0x26 a pair of strings."""
_STRINGS: Final = {_CONTENT_TYPE: 1, 0x08: 1, 0x09: 1, 0x26: 2}


def _content_type(properties: bytes) -> str:
    """The content type among the properties; none as soon as one of them is odd."""
    position = 0
    try:
        while position < len(properties):
            kind, position = properties[position], position + 1
            if kind == 0x0B:
                _, position = _varint(properties, position)
            elif kind in _FIXED:
                position += _FIXED[kind]
            else:
                for _ in range(_STRINGS[kind]):
                    begin = position + 2
                    position = begin + int.from_bytes(properties[position:begin], "big")
                if kind == _CONTENT_TYPE:
                    return properties[begin:position].decode(errors="replace")
    except (IndexError, KeyError, ValueError):
        pass
    return ""


def _varint(packet: bytes, position: int) -> tuple[int, int]:
    """MQTT's variable byte integer, and where it ends."""
    value = shift = 0
    while True:
        digit = packet[position]
        position += 1
        value |= (digit & 0x7F) << shift
        if digit < 0x80:
            return value, position
        shift += 7
        if shift > 21:
            raise ValueError("variable byte integer of more than four bytes")


class DeliveringClient(Client):
    """paho's client, reading in large pieces (paho alone asks the kernel four times per packet) and handing PUBLISH
    packets to `on_delivery` by the short way. Whoever watches the socket goes on reading while `buffered`."""

    on_delivery: Any = None
    """Called with each Delivery."""
    _buffer = b""
    _at = 0

    @property
    def buffered(self) -> bool:
        """Whether bytes are left that the socket will not announce again."""
        return self._at < len(self._buffer)

    def forget(self) -> None:
        """Drop what is left of an earlier connection."""
        self._buffer, self._at = b"", 0

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self.buffered:
            self._buffer, self._at = super()._sock_recv(READ_BYTES), 0
        piece = self._buffer[self._at : self._at + bufsize]
        self._at += len(piece)
        return piece

    def _handle_publish(self) -> MQTTErrorCode:
        incoming = self._in_packet
        try:
            delivery = parse_publish(incoming["command"], bytes(incoming["packet"]))
        except (IndexError, ValueError):
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        self.on_delivery(delivery)
        return MQTTErrorCode.MQTT_ERR_SUCCESS
