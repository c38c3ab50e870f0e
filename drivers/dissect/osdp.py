"""OSDP packets (IEC 60839-11-5): whole packets, with keys, codes and everything encrypted hidden.

A key that is given to a reader travels under the key of the factory, which everybody knows, so what is encrypted is
hidden too; the head of a packet stays, which says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from drivers.dissect.dissector import HIDDEN, Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard
from drivers.dissect.wiegand import bits_meaning
from drivers.framing.wiegand import BITS_MIN

SOM, HEAD = 0x53, 5
PACKET_MAX_BYTES = 1440
_SECURE, _CRC = 0x08, 0x04
_KEYSET, _KEYPAD, _RAW_CARD = 0x75, 0x53, 0x50
_SECRET = {"out": frozenset((_KEYSET,)), "in": frozenset((_KEYPAD,))}
_COMMANDS = {0x60: "ask_poll", 0x61: "ask_identity", 0x69: "light", 0x6A: "sound", 0x76: "session", 0x77: "session"}
_REPLIES = {0x40: "nothing_new", 0x45: "identity", 0x48: "status", 0x76: "session", 0x78: "session"}


class OsdpDissector(Dissector):
    """The packets of one reader's address."""

    joins = False

    def __init__(self) -> None:
        self._begun = {"in": b"", "out": b""}

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:
        waiting = (self._begun[way] + chunk)[-2 * PACKET_MAX_BYTES :]
        found = []
        while (start := waiting.find(SOM)) >= 0:
            waiting = waiting[start:]
            size = int.from_bytes(waiting[2:4], "little") if len(waiting) >= HEAD else 0
            if len(waiting) >= HEAD and not HEAD + 2 <= size <= PACKET_MAX_BYTES:
                waiting = waiting[1:]
                continue
            if not size or len(waiting) < size:
                break
            found.append(hidden(way, waiting[:size]))
            waiting = waiting[size:]
        else:
            waiting = b""
        self._begun[way] = waiting
        return found

    def same(self, frame: bytes) -> bytes:
        """Each packet has a number, a checksum and a code of its own."""
        code, data, _ = parts(frame)
        return frame if code is None else bytes((code,)) + data

    def explain(self, way: Way, frame: bytes) -> Meaning:
        code, data, secured = parts(frame)
        if code is None:
            return bits_meaning(self.cards(frame)) or super().explain(way, frame)
        if code in _SECRET[way]:
            return Meaning("hidden", {"count": len(data)})
        if way == "in" and code == 0x41:
            return Meaning("refused", {"code": data[0] if data and not secured else 0})
        known = (_COMMANDS if way == "out" else _REPLIES).get(code)
        if known is not None:
            return Meaning(known)
        if secured and data:
            return Meaning("secured")
        found = bits_meaning(self.cards(frame)) if way == "in" else None
        return found or Meaning("command", {"code": f"{code:02X}"})

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        if not set(frame) - set(b"01") and len(frame) >= BITS_MIN:
            return (RawCard(int(frame, 2), len(frame), framed=True),)
        code, data, secured = parts(frame)
        if code != _RAW_CARD or secured or len(data) < 5:
            return ()
        count = int.from_bytes(data[2:4], "little")
        bits = data[4:]
        if not 0 < count <= 8 * len(bits):
            return ()
        return (RawCard(int.from_bytes(bits, "big") >> (8 * len(bits) - count), count, framed=True),)


def parts(packet: bytes) -> tuple[int | None, bytes, bool]:
    """Command or reply code, its data, and whether that is encrypted; None when it is no packet."""
    at = _code_at(packet)
    if at is None:
        return None, b"", False
    control = packet[4]
    tail = (2 if control & _CRC else 1) + (4 if _has_mac(packet) else 0)
    return packet[at], packet[at + 1 : len(packet) - tail], _encrypted(packet)


def hidden(way: Way, packet: bytes) -> bytes:
    """The packet with everything hidden that is a key, a code, or encrypted."""
    code, data, secured = parts(packet)
    at = _code_at(packet)
    if at is None or not data or not (secured or code in _SECRET[way]):
        return packet
    return packet[: at + 1] + HIDDEN * len(data) + packet[at + 1 + len(data) :]


def _code_at(packet: bytes) -> int | None:
    if len(packet) < HEAD + 3 or packet[0] != SOM:
        return None
    at = HEAD + (packet[HEAD] if packet[4] & _SECURE else 0)
    return at if at < len(packet) - 1 else None


def _block(packet: bytes) -> int:
    """The type of the security block, 0 without one."""
    return packet[HEAD + 1] if packet[4] & _SECURE and packet[HEAD] >= 2 else 0


def _has_mac(packet: bytes) -> bool:
    return 0x15 <= _block(packet) <= 0x18


def _encrypted(packet: bytes) -> bool:
    return _block(packet) in (0x17, 0x18)
