"""Readers and scanners that type: key codes of the kernel become characters, and characters lines; pure.

Such a device (a HID keyboard wedge) types what it reads and then Enter, on the US layout, which is what they leave the
factory with. The codes are those of linux/input-event-codes.h. A line that is not ended soon was a person's or half a
scan: what was typed is dropped, and so is a line that is too long. How soon is judged by the kernel's stamps, since a
busy machine takes keys late and in portions. A line of which the kernel has dropped keys is void: what is left of it
would be another number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

PRESS = struct.Struct("<HBq")
"""A key event on its way from the link: the key's code; 1 for pressed, 0 for released, 2 for held; when, in ns."""
LOST = 0xFFFF
"""In place of a code: here the kernel has dropped events (SYN_DROPPED)."""
CHARACTERS_MAX = 512
GAP_NS = 1_000_000_000
"""A line whose next character does not come within this time is dropped."""

ENTER = frozenset({28, 96})
SHIFT = frozenset({42, 54})
_CAPS_LOCK = 58
# From each code on, the keys side by side: without Shift, with Shift.
_ROWS = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (15, "\tqwertyuiop[]", "\tQWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    (55, "*", "*"),
    (57, " ", " "),
    (71, "789-456+1230.", "789-456+1230."),
    (98, "/", "/"),
)
_KEYS = {
    first + place: (plain, shifted)
    for first, row, shifted_row in _ROWS
    for place, (plain, shifted) in enumerate(zip(row, shifted_row, strict=True))
}
_CODES = {
    character: (code, bool(shift)) for code, both in reversed(_KEYS.items()) for shift, character in enumerate(both)
}


class KeyDecoder:
    """Turns key events into lines; `rejected` counts what was dropped."""

    def __init__(self) -> None:
        self.rejected = 0
        self._typed: list[str] = []
        self._shifts: set[int] = set()
        self._caps = False
        self._void = False
        self._last_ns = 0

    def feed(self, received: bytes) -> list[str]:
        """Take key events (in whole `PRESS`es, as the link has them) and return the lines that they complete."""
        return self._lines(PRESS.iter_unpack(received[: len(received) - len(received) % PRESS.size]))

    def interrupted(self) -> None:
        """The keyboard was pulled out: what was typed so far is dropped, and no key counts as held."""
        self._begin_anew()

    def _lines(self, presses: Iterable[tuple[int, int, int]]) -> list[str]:
        lines = []
        for code, value, at_ns in presses:
            if abs(at_ns - self._last_ns) > GAP_NS:
                self._begin_anew()
            self._last_ns = at_ns
            if code == LOST:
                self._void = True
                self._shifts.clear()
            elif code in SHIFT:
                (self._shifts.add if value else self._shifts.discard)(code)
            elif value == 1 and code in ENTER:
                lines.append(self._end())
            elif value == 1:
                self._press(code)
        return [line for line in lines if line]

    def _press(self, code: int) -> None:
        if code == _CAPS_LOCK:
            self._caps = not self._caps
        both = _KEYS.get(code)
        if both is None:
            return
        plain, shifted = both
        upper = bool(self._shifts) != (self._caps and plain.isalpha())
        self._typed.append(shifted if upper else plain)
        if len(self._typed) > CHARACTERS_MAX + 1:
            self._typed.pop()

    def _end(self) -> str:
        if self._void or len(self._typed) > CHARACTERS_MAX:
            self._drop()
        line = "".join(self._typed).strip()
        self._typed.clear()
        return line

    def _begin_anew(self) -> None:
        """Drop a line and a Shift that are too old: the device was away, or a person typed half a line."""
        self._shifts.clear()
        if self._typed or self._void:
            self._drop()

    def _drop(self) -> None:
        self._typed.clear()
        self._void = False
        self.rejected += 1


def typed(text: str, at_ns: int = 0) -> bytes:
    """The key events of a device that types a text and Enter, packed as `PRESS`; KeyError for other characters."""
    presses: list[tuple[int, int]] = []
    for character in text:
        code, shift = _CODES[character]
        stroke = [(code, 1), (code, 0)]
        presses += [(42, 1), *stroke, (42, 0)] if shift else stroke
    return b"".join(PRESS.pack(code, value, at_ns) for code, value in (*presses, (28, 1), (28, 0)))
