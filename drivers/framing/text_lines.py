"""Lines of text from converters and scanners, and the credential in a line; pure.

A line ends with CR or LF; STX, ETX and NUL, which many devices put round their lines, end one too. A line that is too
long or holds anything but text is dropped whole and counted, and the next one is read: a line carries no checksum, so a
damaged one must not become another person's number. For the same reason a pattern's match must not begin or end amid
letters and digits.

The pattern comes from the site file and runs on whatever a stranger holds to the scanner, while the rest of the gateway
waits. So a pattern that could match in too many ways is refused: the ways of its repeats and alternatives, multiplied,
bound the time of the worst match.
"""

from __future__ import annotations

import math
import re
from re import _constants as kinds  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any, Literal

from gateway.core.plates.plates import is_whole, normalise
from gateway.core.vocabulary.errors import FrameError

LINE_MAX_BYTES = 512
CARD_MAX_BITS = 128
LINE_WAYS = math.log2(LINE_MAX_BYTES + 1)
"""Ways of an open-ended repeat on the longest line, as a power of two."""
WAYS_MAX = 3 * LINE_WAYS
"""A pattern's most: three open-ended repeats, or two that may begin anywhere; about 0.2 s on a Raspberry Pi 4."""
_DIGITS = {10: re.compile(r"[0-9]{1,64}"), 16: re.compile(r"[0-9A-Fa-f]{1,64}")}
_DECIMAL_CARD = re.compile(r"[0-9]{4,20}")
_HEX_CARD = re.compile(r"(?:[0-9A-Fa-f]{2}){3,16}")
_PRINTED = {
    "facility,number": re.compile(r"([0-9]{1,3}) ?[,;:/ -] ?([0-9]{1,5})"),
    "3+5": re.compile(r"([0-9]{3}) ?([0-9]{5})"),
}
PRINTED = {
    "facility,number": "a facility up to 255 and a number up to 65535, such as 077,30211",
    "3+5": "three digits of a facility up to 255 and five of a number up to 65535, such as 07730211",
}
_PLATE = re.compile(r"[\u4e00-\u9fff][A-Z][0-9A-Z\u4e00-\u9fff]{5,6}")
_TEXT_MIN = 4
_END = re.compile(rb"[\r\n\x00\x02\x03]")
_REPEATS = (kinds.MAX_REPEAT, kinds.MIN_REPEAT, kinds.POSSESSIVE_REPEAT)


class LineDecoder:
    """Cuts a stream of bytes into lines; `rejected` counts those that were dropped."""

    def __init__(self) -> None:
        self.rejected = 0
        self._begun = b""
        self._skipping = False

    @property
    def begun(self) -> bool:
        """True while a line has begun."""
        return bool(self._begun) or self._skipping

    def quiet(self) -> None:
        """Nothing came for too long: a line that has begun is none, and what comes next begins another."""
        self.rejected += bool(self._begun.strip())
        self._begun, self._skipping = b"", False

    def feed(self, received: bytes) -> list[str]:
        """Take bytes as they come and return the lines that they complete, without their ends."""
        *ended, self._begun = _END.split(self._begun + received)
        lines = [line for raw in ended if (line := self._line(raw))]
        if len(self._begun) > LINE_MAX_BYTES:
            self.rejected += not self._skipping
            self._skipping = True
        if self._skipping:
            self._begun = b""
        return lines

    def interrupted(self) -> None:
        """The wire was cut: a line that has begun is dropped up to its end."""
        self._skipping = self._skipping or bool(self._begun)
        self._begun = b""

    def _line(self, raw: bytes) -> str:
        if self._skipping:
            self._skipping = False
            return ""
        try:
            if len(raw) <= LINE_MAX_BYTES and (text := raw.decode("utf-8").strip()).isprintable():
                return text
        except UnicodeDecodeError:
            pass
        self.rejected += 1
        return ""


class LinePattern:
    """A pattern with a group `value`, applied to lines; FrameError when it is wrong or could take for ever."""

    def __init__(self, pattern: str) -> None:
        try:
            parsed = parser.parse(pattern)
            self._pattern = re.compile(pattern)
        except (re.error, RecursionError, OverflowError) as error:
            raise FrameError(f"is no regular expression: {error}") from error
        if "value" not in self._pattern.groupindex:
            raise FrameError("needs a group that is named value, such as (?P<value>[0-9]+)")
        self._at_start = _at_start(parsed)
        if _ways(parsed) + (not self._at_start) * LINE_WAYS > WAYS_MAX:
            raise FrameError("could take very long: begin it with ^, use fewer * and +, and repeat no group with them")

    def value(self, line: str) -> str:
        """The credential in a line; empty when there is none."""
        start = self._pattern.match(line)
        for match in ([start] if start else []) if self._at_start else self._pattern.finditer(line):
            if not (_inside(line, match.start()) or _inside(line, match.end())):
                return (match["value"] or "").strip()
        return ""


def _inside(line: str, place: int) -> bool:
    """Whether a place lies between two letters or digits."""
    return 0 < place < len(line) and line[place - 1].isalnum() and line[place].isalnum()


def _at_start(parsed: Any) -> bool:
    """Whether a pattern can match at the start of a line alone, or would match there if anywhere."""
    kind, argument = parsed[0]
    return (kind, argument) == (kinds.AT, kinds.AT_BEGINNING) or (
        kind in _REPEATS and argument[0] == 0 and list(argument[2]) == [(kinds.ANY, None)]
    )


def _ways(parsed: Any) -> float:
    """In how many ways a parsed pattern may match, at most, as a power of two."""
    return sum(_ways_of(kind, argument) for kind, argument in parsed)


def _ways_of(kind: Any, argument: Any) -> float:
    if kind is kinds.BRANCH:
        alternatives = [_ways(alternative) for alternative in argument[1]]
        return max(alternatives) + math.log2(len(alternatives))
    if kind not in _REPEATS:
        return sum(_ways(part) for part in _parts(argument))
    least, most, body = argument
    times = min(int(most), LINE_MAX_BYTES)
    return math.log2(max(1, times - least + 1)) + times * _ways(body)


def _parts(argument: Any) -> list[Any]:
    """The patterns inside an item: of a group, a look-around, a condition."""
    parts = argument if isinstance(argument, tuple) else (argument,)
    return [part for part in parts if isinstance(part, parser.SubPattern)]


def guess_of(line: str) -> tuple[dict[str, Any], bool] | None:
    """What a line that a device sent may be, as options, and whether it can hardly be anything else; None: noise."""
    text = line.replace(" ", "")
    if not text or not text.isprintable() or "\ufffd" in text:
        return None
    if _DECIMAL_CARD.fullmatch(text):
        return {"kind": "card"}, True
    if _HEX_CARD.fullmatch(text):
        return {"kind": "card", "radix": 16}, True
    if is_whole(plate := normalise(text)) and _PLATE.fullmatch(plate):
        return {"kind": "plate"}, False
    return ({"kind": "qr"}, False) if len(text) >= _TEXT_MIN else None


def card_number(text: str, radix: int) -> tuple[str, int]:
    """A card number as the contract writes it, and its bits as far as its digits tell them (hex only, else 0).

    FrameError when the text is no number of that radix or too long for a card.
    """
    digits = text.replace(" ", "")
    if not _DIGITS[radix].fullmatch(digits) or (number := int(digits, radix)) >> CARD_MAX_BITS:
        raise FrameError(f"{text[:40]!r} is no card number of radix {radix}")
    return str(number), 4 * len(digits) if radix == 16 else 0


def printed_number(text: str, written: Literal["facility,number", "3+5"]) -> tuple[str, int]:
    """The card number in what is printed on 26-bit cards: `077,30211` or `07730211` (8 bits and 16); FrameError."""
    found = _PRINTED[written].fullmatch(text)
    facility, number = (int(found[1]), int(found[2])) if found else (256, 0)
    if facility > 0xFF or number > 0xFFFF:
        raise FrameError(f"{text[:40]!r} is not {PRINTED[written]}")
    return str(facility << 16 | number), 24


def as_printed(number: str, written: Literal["facility,number", "3+5"]) -> str:
    """A card number as it is printed; FrameError when it has more than 24 bits."""
    value = int(number)
    if value >> 24:
        raise FrameError(f"{number} has more than 24 bits and is not {PRINTED[written]}")
    between = "," if written == "facility,number" else ""
    return f"{value >> 16:03}{between}{value & 0xFFFF:05}"
