"""The few MQTT 5 packets of a trial (OASIS MQTT 5.0, chapter 3): bytes out, reason codes in."""

from __future__ import annotations

import struct

CONNACK, PUBACK, SUBACK = 0x20, 0x40, 0x90
PACKET_MAX = 64 * 1024
"""An answer to a trial is some bytes; a longer one is of no broker."""
_PROTOCOL, _VERSION = "MQTT", 5
_CLEAN, _HAS_USER, _HAS_PASSWORD = 0x02, 0x80, 0x40
_KEEPALIVE_S = 30
_NO_RETAINED = 0x21
"""Subscription options: QoS 1, retained messages are not sent."""
_CONTENT_TYPE = 3
_MORE = 0x80


def connect(client: str, username: str | None, password: str | None) -> bytes:
    """CONNECT with a clean start and without a last will."""
    flags = _CLEAN | (_HAS_USER if username is not None else 0) | (_HAS_PASSWORD if password is not None else 0)
    body = _text(_PROTOCOL) + struct.pack(">BBHB", _VERSION, flags, _KEEPALIVE_S, 0) + _text(client)
    body += b"".join(_text(one) for one in (username, password) if one is not None)
    return _packet(0x10, body)


def subscribe(number: int, topics: tuple[str, ...]) -> bytes:
    """SUBSCRIBE to topics without their retained messages."""
    return _packet(0x82, struct.pack(">HB", number, 0) + b"".join(_text(one) + bytes([_NO_RETAINED]) for one in topics))


def publish(number: int, topic: str, content_type: str, payload: bytes) -> bytes:
    """PUBLISH at QoS 1, not retained."""
    properties = bytes([_CONTENT_TYPE]) + _text(content_type)
    body = _text(topic) + struct.pack(">H", number) + _length(len(properties)) + properties
    return _packet(0x32, body + payload)


def disconnect() -> bytes:
    """DISCONNECT in good order."""
    return b"\xe0\x00"


class Decoder:
    """Cuts received bytes into packets: (type, body). ValueError for what is no packet of a broker."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, received: bytes) -> list[tuple[int, bytes]]:
        """Take bytes as they come; the packets that they complete."""
        self._held += received
        found = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        length, used = 0, 1
        while True:
            if len(self._held) <= used:
                return None
            digit = self._held[used]
            length |= (digit & (_MORE - 1)) << (7 * (used - 1))
            used += 1
            if not digit & _MORE:
                break
            if used > 4 or length > PACKET_MAX:
                raise ValueError("no packet of MQTT")
        if length > PACKET_MAX:
            raise ValueError("no packet of MQTT")
        if len(self._held) < used + length:
            return None
        kind, body = self._held[0] & 0xF0, self._held[used : used + length]
        self._held = self._held[used + length :]
        return kind, body


def connack_code(body: bytes) -> int:
    """The reason code of a CONNACK; ValueError for a body that has none."""
    if len(body) < 2:
        raise ValueError("a CONNACK without a reason code")
    return body[1]


def suback_codes(body: bytes) -> tuple[int, ...]:
    """The reason code of each topic of a SUBACK."""
    properties, used = _read_length(body[2:])
    return tuple(body[2 + used + properties :])


def puback_code(body: bytes) -> int:
    """The reason code of a PUBACK; a short one says success."""
    return body[2] if len(body) > 2 else 0


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _length(len(body)) + body


def _length(number: int) -> bytes:
    found = bytearray()
    while True:
        number, digit = number >> 7, number & (_MORE - 1)
        found.append(digit | (_MORE if number else 0))
        if not number:
            return bytes(found)


def _read_length(body: bytes) -> tuple[int, int]:
    """A length at the start of a body, and how many bytes it takes."""
    number = 0
    for used, digit in enumerate(body[:4], 1):
        number |= (digit & (_MORE - 1)) << (7 * (used - 1))
        if not digit & _MORE:
            return number, used
    raise ValueError("a length that does not end")


def _text(text: str) -> bytes:
    content = text.encode()
    return struct.pack(">H", len(content)) + content
