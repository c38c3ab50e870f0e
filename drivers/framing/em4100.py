"""EM4100 cards as text: `02`, ten hex digits, two checksum digits, and an ending (`03` from an RDM6300); pure.

After every byte the decoder looks at the last ones, as many as a frame has. So noise and half frames cost nothing: the
next whole frame is read; what was no frame is counted. The checksum is the XOR of the five data bytes (Seeed wiki;
ESPHome rdm6300). The card number is the last four data bytes, big-endian, or all five where cards differ in the first
one alone; some sites print it with the bits of each byte reversed.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from gateway.core.vocabulary.errors import FrameError

START, END = b"\x02", b"\x03"
ID20_END = b"\r\n\x03"
"""What ends a frame of an ID-2LA, ID-12LA or ID-20LA."""
DIGITS = 12
FRAME_BYTES = len(START) + DIGITS + len(END)
CARD_BITS, WHOLE_BITS = 32, 40
_BLANK = frozenset(b"\r\n\x00 ")
"""Bytes between frames that say nothing."""
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


def card_number(data: bytes, reverse_bytes: bool = False, bits: int = CARD_BITS) -> str:
    """The card number as the contract writes it: the last 32 bits, or all 40, as a decimal text."""
    low = data[-bits // 8 :]
    return str(int.from_bytes(low.translate(_REVERSED) if reverse_bytes else low, "big"))


def card_of(data: bytes, reverse_bytes: bool = False, bits: int = CARD_BITS) -> tuple[str, int]:
    """The card number and how many bits it has."""
    return card_number(data, reverse_bytes, bits), bits


def card_data(number: str, reverse_bytes: bool = False, bits: int = CARD_BITS) -> bytes:
    """Data bytes of a card with that number; FrameError when there is none. Without 40 bits the first byte is 01."""
    try:
        low = int(number).to_bytes(bits // 8, "big")
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{number!r} is no number of {bits} bits") from error
    data = low.translate(_REVERSED) if reverse_bytes else low
    return data if bits == WHOLE_BITS else b"\x01" + data


class Decoder:
    """Finds frames in a stream of bytes.

    `rejected` counts what ended like a frame, or was as long as one, and was none; `unread` are the bytes of the last.
    """

    def __init__(self, ending: bytes = END) -> None:
        self.rejected = 0
        self.unread = b""
        self._ending = ending
        self._frame_bytes = len(START) + DIGITS + len(ending)
        self._window = bytearray()
        self._strays = bytearray()

    def interrupted(self) -> None:
        """The wire was cut: half a frame is none."""
        self._window.clear()
        self._strays.clear()

    def quiet(self) -> None:
        """Nothing came for a while: what has begun will be no frame."""
        self._reject()

    def feed(self, received: bytes) -> list[bytes]:
        """Take bytes as they come and return the data of every frame that they complete."""
        found = []
        for byte in received:
            self._window.append(byte)
            if byte == self._ending[-1] and (data := self._ended()):
                found.append(data)
            elif len(self._window) > self._frame_bytes:
                self._strays.append(self._window.pop(0))
            if len(self._strays) >= self._frame_bytes:
                self._count(self._strays)
        return found

    @property
    def begun(self) -> bool:
        """True while bytes wait that are no frame yet."""
        return bool(self._window or self._strays)

    def _ended(self) -> bytes:
        """The data of the frame that ends here; nothing ends twice, so what is none is dropped."""
        try:
            data = decode(bytes(self._window[-self._frame_bytes :]), self._ending)
        except FrameError:
            self._reject()
            return b""
        self._strays += self._window[: -self._frame_bytes]
        self._window.clear()
        self._count(self._strays)
        return data

    def _reject(self) -> None:
        self._strays += self._window
        self._window.clear()
        self._count(self._strays)

    def _count(self, strays: bytearray) -> None:
        """Strays are one rejected frame, if they are more than blanks."""
        if not _BLANK.issuperset(strays):
            self.rejected += 1
            self.unread = bytes(strays)
        strays.clear()
