"""Bytes that are no frame of a reader, in words: how they look, and what they may be of; pure.

The words have the bytes in hex, so that an installer sees what is on the wire.
"""

from __future__ import annotations

import binascii

from drivers.framing import em4100, modbus

SHOWN_BYTES = 24
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_TEXT = frozenset(range(0x20, 0x7F)) | frozenset(b"\r\n\x02\x03\t")
_FEW = 3
"""Fewer bytes than this look like nothing but noise."""


def explain(received: bytes) -> str:
    """What came, and what it looks like."""
    shown = received[:SHOWN_BYTES].hex(" ").upper() + (" ..." if len(received) > SHOWN_BYTES else "")
    return f"bytes came that are no frame of this reader: {shown}; {looks_like(received)}"


def looks_like(received: bytes) -> str:
    """What bytes may be of, with a remedy."""
    if _holds(received, em4100.ID20_END):
        return "it looks like an ID-20LA: choose `protocol` id20, or the driver id20la"
    if _holds(received, em4100.END):
        return "it looks like an RDM6300: choose `protocol` rdm6300, or the driver rdm6300"
    if _sealed_uhf(received):
        return "it looks like a UHFReader18: choose the driver uhfreader18"
    if len(received) >= _FEW and modbus.holds_rtu_frame(received):
        return "it looks like Modbus RTU: is another device on this wire?"
    if len(received) >= _FEW and em4100.START in received and _TEXT.issuperset(received):
        return "it looks like a card frame that was damaged on its way: check the ground, the shield and the cable"
    if len(received) >= _FEW and _TEXT.issuperset(received):
        return f"it looks like the text {_text(received)!r}: choose the driver serial-text"
    return "it looks like noise, or like another speed: check `baudrate`, the ground and the cable"


def _holds(received: bytes, ending: bytes) -> bool:
    return bool(em4100.Decoder(ending).feed(received))


def _text(received: bytes) -> str:
    return received.decode("ascii").strip("\r\n\x02\x03\t ")[:SHOWN_BYTES]


def _sealed_uhf(received: bytes) -> bool:
    """Whether a whole frame of a UHFReader18 is among the bytes: its length, then CRC-16 (0x8408) that sums to 0."""
    return any(
        5 <= size < len(received) - start
        and not binascii.crc_hqx(received[start : start + size + 1].translate(_REVERSED), 0xFFFF)
        for start, size in enumerate(received)
    )
