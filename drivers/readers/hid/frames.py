"""Readers and scanners that type: key codes of the kernel become characters, and characters lines; pure.

Such a device (a HID keyboard wedge) types what it reads and then Enter, on the US layout, which is what they leave the
factory with, or on the German (QWERTZ) or French (AZERTY) one. The codes are those of linux/input-event-codes.h. A line
that is not ended soon was a person's or half a scan: what was typed is dropped, and so is a line that is too long. How
soon is judged by the kernel's stamps, since a busy machine takes keys late and in portions.

A line is void when what is left of it could be another number: the kernel has dropped keys; a key was pressed that no
plain typing needs, or with Ctrl, Alt or AltGr held (readers can be set to type by Alt and the keypad); a key has no
character in the layout; or Caps Lock is on where it changes the digits (AZERTY).
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
HELD = frozenset({29, 97, 56, 100, 125, 126})
"""Ctrl, Alt, AltGr and the logo keys: with one of them a key means something else."""
LOCKS = frozenset({69, 70})
"""Num Lock and Scroll Lock, which readers touch before and after they type."""
_CAPS_LOCK = 58
Keys = dict[int, tuple[str, str]]
"""A key's code: its character without Shift, and with it."""
# From each code on, the keys side by side: without Shift, with Shift. A blank in a row: no character (a dead key).
_PAD = ((55, "*", "*"), (57, " ", " "), (71, "789-456+1230.", "789-456+1230."), (98, "/", "/"))
_LAYOUTS = {
    "us": (
        (2, "1234567890-=", "!@#$%^&*()_+"),
        (15, "\tqwertyuiop[]", "\tQWERTYUIOP{}"),
        (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
        (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
    ),
    "de": (
        (2, "1234567890ß\0", '!"§$%&/()=?\0'),
        (15, "\tqwertzuiopü+", "\tQWERTZUIOPÜ*"),
        (30, "asdfghjklöä\0", "ASDFGHJKLÖÄ°"),
        (43, "#yxcvbnm,.-", "'YXCVBNM;:_"),
        (86, "<", ">"),
    ),
    "fr": (
        (2, "&é\"'(-è_çà)=", "1234567890°+"),
        (15, "\tazertyuiop\0$", "\tAZERTYUIOP\0£"),
        (30, "qsdfghjklmù²", "QSDFGHJKLM%\0"),
        (43, "*wxcvbn,;:!", "µWXCVBN?./§"),
        (86, "<", ">"),
    ),
}


def _keys(layout: str) -> Keys:
    return {
        first + place: (plain, shifted)
        for first, row, shifted_row in (*_LAYOUTS[layout], *_PAD)
        for place, (plain, shifted) in enumerate(zip(row, shifted_row, strict=True))
    }


KEYS = {layout: _keys(layout) for layout in _LAYOUTS}
_CAPS_SHIFTS_ALL = frozenset({"fr"})
"""Layouts in which Caps Lock changes digits too, on some systems."""


class KeyDecoder:
    """Turns key events into lines; `rejected` counts what was dropped."""

    def __init__(self, layout: str = "us") -> None:
        self.rejected = 0
        self._keys = KEYS[layout]
        self._caps_is_unclear = layout in _CAPS_SHIFTS_ALL
        self._typed: list[str] = []
        self._shifts: set[int] = set()
        self._held: set[int] = set()
        self._caps = False
        self._void = False
        self._last_ns = 0

    @property
    def begun(self) -> bool:
        """True while a line has begun."""
        return bool(self._typed or self._void)

    def quiet(self) -> None:
        """Nothing was typed for too long."""
        self._begin_anew()

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
                self._held.clear()
            elif code in SHIFT:
                (self._shifts.add if value else self._shifts.discard)(code)
            elif code in HELD:
                (self._held.add if value else self._held.discard)(code)
                self._void = True
            elif value == 1 and code in ENTER:
                lines.append(self._end())
            elif value == 1:
                self._press(code)
        return [line for line in lines if line]

    def _press(self, code: int) -> None:
        if code == _CAPS_LOCK:
            self._caps = not self._caps
        if code == _CAPS_LOCK or code in LOCKS:
            return
        plain, shifted = self._keys.get(code, ("\0", "\0"))
        upper = bool(self._shifts) != (self._caps and plain.isalpha())
        character = shifted if upper else plain
        unclear = self._caps and self._caps_is_unclear and not plain.isalpha() and plain != shifted
        if character == "\0" or self._held or unclear:
            self._void = True
        else:
            self._typed.append(character)
        if len(self._typed) > CHARACTERS_MAX + 1:
            self._typed.pop()

    def _end(self) -> str:
        if self._void or len(self._typed) > CHARACTERS_MAX:
            self._drop()
        line = "".join(self._typed).strip()
        self._typed.clear()
        return line

    def _begin_anew(self) -> None:
        """Drop a line and held keys that are too old: the device was away, or a person typed half a line."""
        self._shifts.clear()
        self._held.clear()
        if self._typed or self._void:
            self._drop()

    def _drop(self) -> None:
        self._typed.clear()
        self._void = False
        self.rejected += 1


def typed(text: str, at_ns: int = 0, layout: str = "us") -> bytes:
    """The key events of a device that types a text and Enter, packed as `PRESS`; KeyError for other characters."""
    codes = {one: (code, shift) for code, both in reversed(KEYS[layout].items()) for shift, one in enumerate(both)}
    presses: list[tuple[int, int]] = []
    for character in text:
        code, shift = codes[character]
        stroke = [(code, 1), (code, 0)]
        presses += [(42, 1), *stroke, (42, 0)] if shift else stroke
    return b"".join(PRESS.pack(code, value, at_ns) for code, value in (*presses, (28, 1), (28, 0)))
