"""Wiegand: edges of two wires become bits, bits become frames, frames become cards and keys; pure.

A falling edge on D0 (the first of the two lines) is a 0, on D1 a 1; a frame ends when no edge came for the gap (5 ms
or more: CDVI sends a bit every 2 ms, ZKTeco every millisecond). What counts are the kernel's own timestamps, so a late
reader of them reads the same frames. A frame is taken when its length is one of the formats' and every parity holds;
all else is rejected, counted, and forgotten with the gap, so noise never makes a reader deaf. An edge on the same wire
within 100 us is ringing (bits are at least 200 us apart); one on the other wire within that time spoils the frame,
since either may be the true one.

Where D0 and D1 are swapped, every bit is inverted. Both parities of a card then fail, and hold for the inverted bits;
of a keypad's keys 0 to 3 become none, but 6 to 9 become each other. So a frame that fits only inverted means that the
wires are swapped, and until one fits that no swapped reader can send, keys that are not sure are rejected.

A format is described as card makers do it (HID, RF IDeas, ZKTeco): a line of fields, and a line per parity bit:

    PFFFFFFFFNNNNNNNNNNNNNNNNP EXXXXXXXXXXXX............. .............XXXXXXXXXXXXO

In the first line A, F and S are bits of the facility or site, B, C and N bits of the number, 0 and 1 bits that must be
so; anything else (P, I, M, a dot) is no part of the card number, which is the facility's bits followed by the number's.
In each further line E or O stands at an even or odd parity bit and X at the bits that it covers. Without such lines, an
E or O at an end of the first line covers the half next to it: ESSSSSSSSCCCCCCCCCCCCCCCCO.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from drivers.framing.gpio_events import LOST, Edge
from gateway.core.vocabulary.errors import FrameError

GAP_NS = 5_000_000
RINGING_NS = 100_000
BITS_MIN, BITS_MAX = 9, 128
"""Lengths that a format may have: shorter ones are keys, longer ones are not in use."""
FACILITY, NUMBER = "AFS", "BCN"
KEYS = "0123456789*#"
SURE_KEYS = "0123"
"""Keys that a reader with swapped wires cannot send."""

_FIELDS = re.compile(r"[A-Z01.]+")
_PARITY = re.compile(r"[X.]*[EO][X.]*")


class Parity(msgspec.Struct, frozen=True):
    """The parity bit at `place`: the ones under `mask`, which holds itself too, are odd or even in number."""

    place: int
    mask: int
    odd: bool

    def holds(self, bits: int) -> bool:
        """Whether a frame's bits agree with it."""
        return (bits & self.mask).bit_count() % 2 == self.odd


class Format(msgspec.Struct, frozen=True):
    """One frame layout; bit 0 of the masks is the bit that is sent last."""

    length: int
    data: tuple[int, ...]
    parities: tuple[Parity, ...]
    fixed_mask: int = 0
    fixed: int = 0

    def fits(self, bits: int) -> bool:
        """Whether all parities and fixed bits are as they must be."""
        return bits & self.fixed_mask == self.fixed and all(parity.holds(bits) for parity in self.parities)

    def number(self, bits: int) -> int:
        """The card number in a frame."""
        number = 0
        for place in self.data:
            number = number << 1 | bits >> place & 1
        return number

    def frame(self, number: int) -> str:
        """The bits that a reader sends for a card number, as a string of 0 and 1."""
        if number < 0 or number >> len(self.data):
            raise FrameError(f"card number {number} has no place in {len(self.data)} bits")
        bits = self.fixed
        for order, place in enumerate(reversed(self.data)):
            bits |= (number >> order & 1) << place
        for _ in self.parities:  # Once more for each, as one may cover another (HID Corporate 1000).
            for parity in self.parities:
                bits ^= (not parity.holds(bits)) << parity.place
        return f"{bits:0{self.length}b}"


class Card(msgspec.Struct, frozen=True):
    """A card number (decimal) and how many data bits it has."""

    number: str
    bits: int


class Key(msgspec.Struct, frozen=True):
    """A key of a keypad: a digit, `*` or `#`."""

    key: str


# ---- descriptions --------------------------------------------------------------------------------------------------


def parse_format(text: str) -> tuple[Format, ...]:
    """The formats that `26`, `34`, `auto` or a description stands for; FrameError says what is wrong with it."""
    if text in NAMED:
        return NAMED[text]
    fields, *parities = text.upper().split() or [""]
    if not _FIELDS.fullmatch(fields):
        raise FrameError("expected 26, 34, 35, 37, 48, auto, or a line of fields such as PFFFFFFFFNNNNNNNNNNNNNNNNP")
    if not BITS_MIN <= len(fields) <= BITS_MAX:
        raise FrameError(f"has {len(fields)} bits; a format has {BITS_MIN} to {BITS_MAX}")
    for line in parities:
        if len(line) != len(fields) or not _PARITY.fullmatch(line):
            raise FrameError(f"parity line {line} needs {len(fields)} places: one E or O, X where it looks, dots")
    return (_format(fields, parities or _parity_lines(fields)),)


def _format(fields: str, parities: Sequence[str]) -> Format:
    last = len(fields) - 1
    data = [last - at for kinds in (FACILITY, NUMBER) for at, letter in enumerate(fields) if letter in kinds]
    if not data:
        raise FrameError("has no bits of a number; name them N (number) and F (facility)")
    return Format(
        len(fields),
        tuple(data),
        tuple(Parity(last - max(line.find("E"), line.find("O")), _mask(line, "EOX"), "O" in line) for line in parities),
        _mask(fields, "01"),
        _mask(fields, "1"),
    )


def _parity_lines(fields: str) -> list[str]:
    """The halves that an E or O at either end covers (ZKTeco's way)."""
    first, second = len(fields) // 2 - 1, len(fields) - len(fields) // 2 - 1
    lines = []
    if fields[0] in "EO":
        lines.append(fields[0] + "X" * first + "." * (second + 1))
    if fields[-1] in "EO":
        lines.append("." * (first + 1) + "X" * second + fields[-1])
    return lines


def _mask(line: str, letters: str) -> int:
    return int("".join("1" if letter in letters else "0" for letter in line), 2)


_BITS_26 = "PFFFFFFFFNNNNNNNNNNNNNNNNP EXXXXXXXXXXXX............. .............XXXXXXXXXXXXO"
_BITS_34 = f"P{'N' * 32}P E{'X' * 16}{'.' * 17} {'.' * 17}{'X' * 16}O"
NAMED: dict[str, tuple[Format, ...]] = {}
NAMED["26"] = parse_format(_BITS_26)
NAMED["34"] = parse_format(_BITS_34)
NAMED["auto"] = NAMED["26"] + NAMED["34"]
# HID Corporate 1000 (35 bits: company 12, number 20; 48 bits: 22 and 23) and H10302/H10304 (37 bits); the card number
# is all data bits. (proxmark3 wiegand_formats.c)
NAMED["35"] = parse_format(f"PP{'F' * 12}{'N' * 20}P .E{'XX.' * 11} .{'XX.' * 11}O O{'X' * 34}")
NAMED["48"] = parse_format(f"PP{'F' * 22}{'N' * 23}P .E{'.XX' * 15}. ..{'XX.' * 15}O O{'X' * 47}")
NAMED["37"] = parse_format(f"P{'N' * 35}P E{'X' * 18}{'.' * 18} {'.' * 18}{'X' * 18}O")


# ---- keys ----------------------------------------------------------------------------------------------------------


def key_of(length: int, bits: int) -> str:
    """The key in a frame of four bits, or of eight whose upper four are the lower ones inverted; empty for none."""
    low = bits & 0xF
    if length not in (4, 8) or low >= len(KEYS) or (length == 8 and bits >> 4 != low ^ 0xF):
        return ""
    return KEYS[low]


def key_frame(key: str, length: int = 4) -> str:
    """The bits that a keypad sends for a key, as a string of 0 and 1."""
    low = KEYS.index(key)
    return f"{low:04b}" if length == 4 else f"{low ^ 0xF:04b}{low:04b}"


class PinPad:
    """Collects keys to a PIN: `#` or a pause ends it, `*` clears it, and one of too many digits is none."""

    DIGITS_MAX = 16

    def __init__(self, pause_ns: int) -> None:
        self._pause_ns = pause_ns
        self._digits = ""
        self._void = False
        self._last_ns = 0

    @property
    def ends_ns(self) -> int | None:
        """When the PIN that is being typed ends by itself; None when no PIN is begun."""
        return self._last_ns + self._pause_ns if self._digits or self._void else None

    def spoil(self, at_ns: int) -> None:
        """A key came that could not be read: the PIN that is being typed, or begins with it, is none."""
        self._void, self._last_ns = True, at_ns

    def press(self, key: str, at_ns: int) -> str:
        """Take a key; the PIN that it completes, or an empty string."""
        ended = self.tick(at_ns)
        self._last_ns = at_ns
        if key == "#":
            return ended or self._finish()
        self._digits = "" if key == "*" else (self._digits + key)[: self.DIGITS_MAX + 1]
        self._void = self._void and key != "*"
        return ended

    def tick(self, now_ns: int) -> str:
        """The PIN that has ended by a pause, or an empty string."""
        ends_ns = self.ends_ns
        return self._finish() if ends_ns is not None and now_ns >= ends_ns else ""

    def interrupted(self) -> None:
        """The wire was cut: half a PIN is none."""
        self._digits, self._void = "", False

    def _finish(self) -> str:
        digits, void = self._digits, self._void
        self._digits, self._void = "", False
        return digits if len(digits) <= self.DIGITS_MAX and not void else ""


# ---- frames --------------------------------------------------------------------------------------------------------


class Decoder:
    """Turns edges into cards and keys; `rejected` counts the frames that were neither.

    `swapped`: what came last fits only when D0 and D1 are swapped. `unread`: the bits of the last rejected frame.
    """

    def __init__(self, formats: Sequence[Format], gap_ns: int = GAP_NS) -> None:
        self.rejected = 0
        self.swapped = False
        self.unread = ""
        self._formats = tuple(formats)
        self._gap_ns = gap_ns
        self._bits = 0
        self._count = 0
        self._wire = LOST
        self._last_ns = 0
        self._spoiled = False

    @property
    def ends_ns(self) -> int | None:
        """When the frame that is coming in ends if no edge comes; None between frames."""
        return self._last_ns + self._gap_ns if self._count or self._spoiled else None

    def feed(self, edges: Iterable[Edge]) -> list[Card | Key]:
        """Take edges as they come and return what they complete."""
        found: list[Card | Key] = []
        for wire, at_ns in edges:
            found += self.tick(at_ns)
            self._take(wire, at_ns)
        return found

    def tick(self, now_ns: int) -> list[Card | Key]:
        """The frame that has ended by `now_ns`; only for a time up to which all edges have been fed."""
        ends_ns = self.ends_ns
        if ends_ns is None or now_ns < ends_ns:
            return []
        length, bits = self._count, self._bits
        found = None if self._spoiled else self._read(length, bits)
        self.interrupted()
        if found is None:
            self.rejected += 1
            self.unread = f"{bits:0{length}b}" if length else ""
        return [] if found is None else [found]

    def interrupted(self) -> None:
        """Begin anew: half a frame is none."""
        self._bits = self._count = 0
        self._spoiled = False

    def _take(self, wire: int, at_ns: int) -> None:
        fresh = not self._count and not self._spoiled
        if not fresh and at_ns - self._last_ns < RINGING_NS and wire == self._wire:
            return
        self._spoiled |= wire == LOST or self._count >= BITS_MAX
        self._spoiled |= not fresh and at_ns - self._last_ns < RINGING_NS
        self._wire, self._last_ns = wire, at_ns
        if not self._spoiled:
            self._bits = self._bits << 1 | wire
            self._count += 1

    def _read(self, length: int, bits: int) -> Card | Key | None:
        found = self._plain(length, bits)
        if isinstance(found, Card) or (found and found.key in SURE_KEYS):
            self.swapped = False
        elif found is None:
            self.swapped |= self._plain(length, bits ^ (1 << length) - 1) is not None
        return None if self.swapped else found

    def _plain(self, length: int, bits: int) -> Card | Key | None:
        for layout in self._formats:
            if layout.length == length and layout.fits(bits):
                return Card(str(layout.number(bits)), len(layout.data))
        key = key_of(length, bits)
        return Key(key) if key else None


def edges(frame: str, start_ns: int, bit_ns: int = 2_000_000) -> list[Edge]:
    """The edges of a frame (a string of 0 and 1) that begins at `start_ns`."""
    return [(int(bit), start_ns + place * bit_ns) for place, bit in enumerate(frame)]
