"""The small part of ESC/POS that receipts need, both ways: papers become bytes, status bytes become what they mean.

Commands after Epson's ESC/POS reference and the manuals of Chinese makers, which agree on these: FS & for Chinese
characters of two bytes, GS ( k for QR codes, GS V 66 for the cutter. Sizes are set twice, by GS ! and by FS !, since
makers differ in which one Chinese characters follow. DLE EOT is answered at once, also while the printer stands still;
GS r is answered once everything before it is on paper.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from gateway.core.papers.paper import CODE_MAX, Code, Item, Paper, Rule, Text, lay

DLE_EOT = b"\x10\x04"
OFFLINE, ROLL = 2, 4
"""What DLE EOT asks for: why the printer stands still, and the roll of paper."""
IS_PRINTED = b"\x1dr\x01"
INIT = b"\x1b@"
CHINESE, NO_CHINESE = b"\x1c&", b"\x1c."
LARGE, NORMAL = b"\x1d!\x11\x1c!\x0c", b"\x1d!\x00\x1c!\x00"
LEFT, CENTER = b"\x1ba\x00", b"\x1ba\x01"
CUT = b"\x1dVB\x00"
FEED = b"\x1bd\x05"
"""Instead of the cutter: so that the last line can be torn off."""
QR = b"\x1d(k"
QR_STORE = b"1P0"
_QR_MODEL = QR + b"\x04\x00\x31\x41\x32\x00"
_QR_MEDIUM = QR + b"\x03\x00\x31\x45\x31"
_QR_PRINT = QR + b"\x03\x00\x31\x51\x30"
Encoding = Literal["gb18030", "big5", "utf-8", "ascii"]
# Printers know the characters of two bytes alone, which are those of GBK.
_CODECS = {"gb18030": "gbk"}

_COVER_OPEN, _NO_PAPER_STOP, _ANY_ERROR = 0x04, 0x20, 0x40
_ROLL_END = 0x60
_STATE_MASK, _STATE = 0x93, 0x12
"""Bits of the answer to DLE EOT that are always the same; GS r answers with bits 4 and 7 off."""
_DONE_MASK = 0x90
_ASB = 0x10
_ASB_MORE = 3
"""A printer that reports by itself (GS a) sends four bytes; the first has these bits, and nothing here asks for it."""


class Look(msgspec.Struct, frozen=True):
    """How a printer prints: columns, character set, cutter, dots of one square of a code."""

    width: int = 32
    encoding: Encoding = "gb18030"
    cuts: bool = True
    code_dots: int = 6


# ---- to the printer ------------------------------------------------------------------------------------------------


def ask(what: int) -> bytes:
    """The question for a state; answered by one byte at once."""
    return DLE_EOT + bytes((what,))


def encode(paper: Paper, look: Look) -> bytes:
    """All bytes of a paper, from a printer that is set up anew to the cut."""
    written = bytearray(INIT + (NO_CHINESE if look.encoding == "ascii" else CHINESE))
    for item in paper.items:
        written += _item(item, look)
    return bytes(written + (CUT if look.cuts else FEED))


def _item(item: Item, look: Look) -> bytes:
    if isinstance(item, Code):
        return CENTER + _code(item.data, look.code_dots) + LEFT
    lines = b"".join(_text(line, look.encoding) + b"\n" for line in lay(item, look.width))
    if not isinstance(item, Rule) and item.large:
        lines = LARGE + lines + NORMAL
    return CENTER + lines + LEFT if isinstance(item, Text) and item.align == "center" else lines


def _text(line: str, encoding: Encoding) -> bytes:
    """A line in the printer's characters; one that it has not becomes `?`, as wide as it was."""
    codec = _CODECS.get(encoding, encoding)
    written = bytearray()
    for character in line:
        try:
            written += character.encode(codec)
        except UnicodeEncodeError:
            written += b"?" if character.isascii() else b"??"
    return bytes(written)


def _code(data: str, dots: int) -> bytes:
    stored = data.encode("utf-8", "replace")[:CODE_MAX]
    size = len(QR_STORE) + len(stored)
    return (
        _QR_MODEL
        + QR + b"\x03\x00\x31\x43" + bytes((dots,))
        + _QR_MEDIUM
        + QR + size.to_bytes(2, "little") + QR_STORE + stored
        + _QR_PRINT + b"\n"
    )  # fmt: skip


# ---- from the printer ----------------------------------------------------------------------------------------------


def trouble(what: int, state: int) -> Literal["", "paper_out", "cover_open", "fault"]:
    """What keeps the printer from printing, by its answer; the cover comes first, for there the paper is put in."""
    if what == ROLL:
        return "paper_out" if state & _ROLL_END == _ROLL_END else ""
    if what != OFFLINE:
        return ""
    if state & _COVER_OPEN:
        return "cover_open"
    if state & _NO_PAPER_STOP:
        return "paper_out"
    return "fault" if state & _ANY_ERROR else ""


class Answers:
    """Tells states and "all is printed" apart in the bytes of a printer, also from what it sends unasked."""

    def __init__(self) -> None:
        self._skip = 0

    def feed(self, received: bytes) -> list[tuple[Literal["state", "printed"], int]]:
        """The answers in these bytes, in order."""
        found: list[tuple[Literal["state", "printed"], int]] = []
        for byte in received:
            if self._skip:
                self._skip -= 1
            elif byte & _STATE_MASK == _STATE:
                found.append(("state", byte))
            elif byte & _STATE_MASK == _ASB:
                self._skip = _ASB_MORE
            elif byte & _DONE_MASK == 0:
                found.append(("printed", byte))
        return found


# ---- what a printer reads ------------------------------------------------------------------------------------------


class Part(msgspec.Struct, frozen=True):
    """A command with its parameters, or text between commands."""

    command: bool
    data: bytes


_SIZES = {
    DLE_EOT: 3, INIT: 2, b"\x1ba": 3, b"\x1bd": 3, b"\x1d!": 3, b"\x1dr": 3, b"\x1dV": 4, b"\x1c!": 3, CHINESE: 2,
    NO_CHINESE: 2,
}  # fmt: skip
_LEADS = b"\x10\x1b\x1c\x1d"
_HEAD = len(QR) + 2


def parts(data: bytes) -> Iterator[Part]:
    """The commands and texts in the bytes for a printer; a command that is not whole comes last, as it is."""
    at = 0
    while at < len(data):
        start, at = at, at + _size(data, at)
        yield Part(data[start] in _LEADS, data[start:at])


def whole(part: Part) -> bool:
    """Whether a part is complete: a text always is."""
    return not part.command or len(part.data) >= _size(part.data, 0)


def _size(data: bytes, at: int) -> int:
    """How many bytes the part there has, if it is whole."""
    if data[at] in _LEADS:
        if data.startswith(QR, at):
            size = data[at + len(QR) : at + _HEAD]
            return _HEAD + int.from_bytes(size, "little") if len(size) == _HEAD - len(QR) else _HEAD
        return _SIZES.get(data[at : at + 2], 2)
    end = next((n for n in range(at, len(data)) if data[n] in _LEADS), len(data))
    return end - at


def code_in(part: Part) -> bytes | None:
    """The data of a QR code that a command stores; None in all others."""
    stores = part.data.startswith(QR) and part.data[_HEAD : _HEAD + len(QR_STORE)] == QR_STORE
    return part.data[_HEAD + len(QR_STORE) :] if stores else None


def hidden(data: bytes) -> bytes:
    """The bytes with the data of codes replaced: who knows a code gets out by it."""
    return b"".join(
        part.data if (code := code_in(part)) is None else part.data[: -len(code) or None] + b"*" * len(code)
        for part in parts(data)
    )


def decode(text: bytes, encoding: Encoding) -> str:
    """What a text between commands reads."""
    return text.decode(_CODECS.get(encoding, encoding), "replace")
