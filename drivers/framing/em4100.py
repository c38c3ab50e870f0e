"""EM4100 cards as text: `02`, ten hex digits, two checksum digits, and an ending (`03` from an RDM6300); pure.

After every byte the decoder looks at the last ones, as many as a frame has. So noise and half frames cost nothing: the
next whole frame is read. The checksum is the XOR of the five data bytes (Seeed wiki; ESPHome rdm6300). The card number
is the last four data bytes, big-endian; some sites print it with the bits of each byte reversed.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from gateway.core.vocabulary.errors import FrameError

START, END = b"\x02", b"\x03"
DIGITS = 12
FRAME_BYTES = len(START) + DIGITS + len(END)
CARD_BITS = 32
_HEX = frozenset(b"0123456789ABCDEFabcdef")
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def checksum(data: bytes) -> int:
    """The XOR of all bytes."""
    return reduce(xor, data, 0)


def encode(data: bytes, ending: bytes = END) -> bytes:
    """The frame that a reader sends for a card's five data bytes."""
    if len(data) != 5:
        raise FrameError(f"a card has five data bytes, not {len(data)}")
    return b"%b%b%02X%b" % (START, data.hex().upper().encode(), checksum(data), ending)


def decode(frame: bytes, ending: bytes = END) -> bytes:
    """The five data bytes of one whole frame; FrameError says what is wrong with it."""
    if len(frame) != len(START) + DIGITS + len(ending) or not frame.startswith(START) or not frame.endswith(ending):
        raise FrameError(f"not {len(START) + DIGITS + len(ending)} bytes between {START.hex()} and {ending.hex()}")
    if not _HEX.issuperset(frame[1:13]):
        raise FrameError("holds something else than hex digits")
    data = bytes.fromhex(frame[1:11].decode())
    if checksum(data) != int(frame[11:13], 16):
        raise FrameError("checksum is wrong")
    return data


def card_number(data: bytes, reverse_bytes: bool = False) -> str:
    """The card number as the contract writes it: the last four bytes as a decimal text."""
    low = data[-4:]
    return str(int.from_bytes(low.translate(_REVERSED) if reverse_bytes else low, "big"))


def card_of(data: bytes, reverse_bytes: bool = False) -> tuple[str, int]:
    """The card number and how many bits it has."""
    return card_number(data, reverse_bytes), CARD_BITS


def card_data(number: str, reverse_bytes: bool = False) -> bytes:
    """Data bytes of a card with that number; FrameError when there is none. The first byte, 01, is not part of it."""
    try:
        low = int(number).to_bytes(4, "big")
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{number!r} is no number of {CARD_BITS} bits") from error
    return b"\x01" + (low.translate(_REVERSED) if reverse_bytes else low)


class Decoder:
    """Finds frames in a stream of bytes; `rejected` counts those that had the shape but not the sum."""

    def __init__(self, ending: bytes = END) -> None:
        self.rejected = 0
        self._ending = ending
        self._frame_bytes = len(START) + DIGITS + len(ending)
        self._window = bytearray()

    def interrupted(self) -> None:
        """The wire was cut: half a frame is none."""
        self._window.clear()

    def feed(self, received: bytes) -> list[bytes]:
        """Take bytes as they come and return the data of every frame that they complete."""
        found = []
        for byte in received:
            self._window.append(byte)
            del self._window[: -self._frame_bytes]
            if byte == self._ending[-1] and self._is_whole():
                try:
                    found.append(decode(bytes(self._window), self._ending))
                    self._window.clear()
                except FrameError:
                    self.rejected += 1
        return found

    def _is_whole(self) -> bool:
        """True when the window has a frame's size, start and ending."""
        window = self._window
        return len(window) == self._frame_bytes and window.startswith(START) and window.endswith(self._ending)
