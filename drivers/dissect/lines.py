"""Lines of text, sent on a wire or typed as keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from drivers.dissect.dissector import Dissector, Way
from drivers.dissect.meaning import Meaning, RawCard, number_of_bytes
from drivers.framing.text_lines import LineDecoder, LinePattern

_SHOWN_MAX = 120


class Keys(Protocol):
    """What turns key events into lines."""

    def feed(self, received: bytes) -> list[str]:
        """The lines that they complete."""


class LineDissector(Dissector):
    """Text as it is; a line's credential in every radix that fits."""

    def __init__(self, pattern: str) -> None:
        self._pattern = LinePattern(pattern)

    def explain(self, way: Way, frame: bytes) -> Meaning:  # noqa: ARG002
        text = " ".join(line_of(frame).split())
        return Meaning("text", {"text": text[:_SHOWN_MAX]}) if text else number_of_bytes(frame)

    def cards(self, frame: bytes) -> Sequence[RawCard]:
        lines = LineDecoder().feed(frame + b"\r")
        values = [value for line in lines if (value := self._pattern.value(line))]
        return [card for value in values[-1:] for card in _cards_of(value)]


class TextDissector(Dissector):
    """Text for people, in the encoding of the device."""

    joins = False

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding

    def explain(self, way: Way, frame: bytes) -> Meaning:  # noqa: ARG002
        shown = frame.decode(self._encoding, "ignore")
        text = " ".join("".join(one if one.isprintable() else " " for one in shown).split())
        return Meaning("text", {"text": text[:_SHOWN_MAX]}) if text else number_of_bytes(frame)


class TypedDissector(LineDissector):
    """Key events of a reader that types, as the characters that they type."""

    def __init__(self, pattern: str, keys: Keys) -> None:
        super().__init__(pattern)
        self._keys = keys

    def cut(self, way: Way, chunk: bytes) -> Sequence[bytes]:
        if way == "out":
            return (chunk,)
        return [line.encode() + b"\r" for line in self._keys.feed(chunk)] if chunk else ()


def line_of(frame: bytes) -> str:
    """The printable text of some bytes."""
    text = frame.decode("utf-8", "replace")
    return "".join(one if one.isprintable() else " " for one in text)


def _cards_of(value: str) -> list[RawCard]:
    digits = value.replace(" ", "")
    found = []
    if digits.isascii() and digits.isdigit() and len(digits) <= 20:
        number = int(digits)
        found.append(RawCard(number, max(32, number.bit_length())))
    try:
        data = bytes.fromhex(digits)
    except ValueError:
        data = b""
    if 3 <= len(data) <= 16:
        found.append(RawCard(int.from_bytes(data, "big"), 8 * len(data)))
    parts = digits.split(",")
    if len(parts) == 2 and all(part.isascii() and part.isdigit() for part in parts):
        facility, number = int(parts[0]), int(parts[1])
        if facility < 1 << 16 and number < 1 << 16:
            found.append(RawCard(facility << 16 | number, 32))
    return found or [RawCard(0, 0, text=value)]
