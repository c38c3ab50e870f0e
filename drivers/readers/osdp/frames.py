"""OSDP v2 (IEC 60839-11-5) above libosdp's frames: the readers' keys, the bits of cards, key codes, status; pure.

libosdp does frames, sequence numbers and the secure channel. What is left is what a gate makes of them. Unlike on two
bare wires, what comes has been through a CRC and a MAC, so whole bytes are a card's serial number without parity. Any
other length has parity bits somewhere inside: where no format knows them, a number would be wrong.
"""

from __future__ import annotations

import binascii
import re

from drivers.framing.wiegand import Card, Format, parse_format
from gateway.core.vocabulary.errors import FrameError

ADDRESS_MAX = 0x7E
"""0x7F calls all readers at once, which secure channel forbids."""
DEFAULT_KEY = bytes(range(0x30, 0x40))
"""SCBK-D, the key that every reader leaves the factory with (OSDP v2.2, annex D); it protects nothing."""
CARD_MAX_BITS = 512

AUTO = tuple(layout for name in ("26", "34", "35", "37", "48") for layout in parse_format(name))
"""The formats with parity that are in use everywhere."""
SHOWN_BYTES = 16

_ENTER, _CLEAR = 0x0D, 0x7F
_KEY = re.compile(r"[0-9A-Fa-f]{32}")


def parse_key(text: str) -> bytes:
    """The sixteen bytes of a reader's key; FrameError says what would be right, and never repeats the key."""
    if not _KEY.fullmatch(text):
        raise FrameError("is not 32 hex digits; make one with: openssl rand -hex 16")
    key = bytes.fromhex(text)
    if key == DEFAULT_KEY:
        raise FrameError("is the key that every reader is made with; make another with: openssl rand -hex 16")
    if len(set(key)) < 4:
        raise FrameError("can be guessed; make one with: openssl rand -hex 16")
    return key


# ---- who is there: the only frame that is made here, sent while no panel runs on the line

ANY_READER = 0x7F
_SOM, _WITH_CRC, _REPLY = 0x53, 0x04, 0x80
_ID, _PDID, _NAK = 0x61, 0x45, 0x41
_CRC_START = 0x1D0F
_HEAD, _MIN_BYTES, _BYTES_MAX = 6, 8, 128


def who_request(address: int) -> bytes:
    """The question for a reader's identity (osdp_ID), in plain text and as the first of a session."""
    size = _HEAD + 1 + 2
    body = bytes((_SOM, address, size, 0, _WITH_CRC, _ID, 0))
    return body + _crc(body)


def find_identity(address: int, received: bytes) -> bytes:
    """The whole frame of that reader among the received bytes, also one that refuses; empty when it has not come."""
    for start in range(len(received) - _MIN_BYTES + 1):
        if received[start] != _SOM or received[start + 1] != address | _REPLY:
            continue
        size = int.from_bytes(received[start + 2 : start + 4], "little")
        frame = received[start : start + size]
        whole = _MIN_BYTES <= size <= _BYTES_MAX and len(frame) == size and frame[4] & _WITH_CRC
        if whole and _crc(frame[:-2]) == frame[-2:]:
            return frame
    return b""


def identity_of(frame: bytes) -> str:
    """What a reader says of itself, in words."""
    kind, data = frame[5], frame[6:-2]
    if kind == _PDID and len(data) >= 12:
        serial = int.from_bytes(data[5:9], "little")
        return f"maker {data[:3].hex().upper()}, model {data[3]}, serial number {serial:08X}"
    return "which does not say what it is"


def _crc(body: bytes) -> bytes:
    """CRC-16 of OSDP (polynomial 0x1021, initial 0x1D0F), low byte first."""
    return binascii.crc_hqx(body, _CRC_START).to_bytes(2, "little")


# ---- cards and keys ------------------------------------------------------------------------------------------------


class CardDecoder:
    """Finds the number in a card's bits; `rejected` counts the cards that no format took."""

    def __init__(self, format_text: str) -> None:
        """A format as `wiegand` takes it, `raw` (all bits are the number), or `auto`."""
        self.rejected = 0
        self.unread = ""
        self._formats = formats_of(format_text)
        self._raw = format_text == "raw"
        self._auto = format_text == "auto"

    def read(self, data: bytes, length: int) -> Card | None:
        """The card in `length` bits, the first one uppermost in `data`; None when it is none of ours."""
        if 0 < length <= min(CARD_MAX_BITS, len(data) * 8):
            bits = int.from_bytes(data, "big") >> (len(data) * 8 - length)
            found = self._found(bits, length)
            if found is not None:
                return found
        self.rejected += 1
        self.unread = f"a card of {length} bits fits no format: {data[:SHOWN_BYTES].hex().upper()}"
        return None

    def _found(self, bits: int, length: int) -> Card | None:
        known = [layout for layout in self._formats if layout.length == length]
        for layout in known:
            if layout.fits(bits):
                return Card(str(layout.number(bits)), len(layout.data))
        whole = self._auto and length % 8 == 0
        return Card(str(bits), length) if self._raw or whole else None


def formats_of(text: str) -> tuple[Format, ...]:
    """The formats that an option stands for; FrameError says what is wrong with it."""
    if text == "auto":
        return AUTO
    return () if text == "raw" else parse_format(text)


def card_bits(frame: str) -> tuple[bytes, int]:
    """A frame of 0 and 1 as a reader reports it: the bytes, and how many bits count."""
    padded = -(-len(frame) // 8) * 8
    return int(frame.ljust(padded, "0"), 2).to_bytes(padded // 8, "big"), len(frame)


def keys_of(data: bytes) -> str:
    """Key codes as digits, `#` for enter and `*` for clear; other codes are left out."""
    return "".join(filter(None, map(_key, data)))


def _key(code: int) -> str:
    if code in (_ENTER, ord("#")):
        return "#"
    if code in (_CLEAR, ord("*")):
        return "*"
    return chr(code) if chr(code) in "0123456789" else ""


def status_of(report: bytes) -> tuple[bool, bool]:
    """A local status report as (the housing is open, the power fails); what it does not say is well."""
    return any(report[:1]), any(report[1:2])
