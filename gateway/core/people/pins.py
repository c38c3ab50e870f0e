"""PINs of operators: their form, and those that are guessed first.

A PIN that is set on a screen or by command must not be one that a stranger tries first. A site file may still hold such
PINs: it is written by the installer, and a rule that came later must not keep a gate from starting.
"""

from __future__ import annotations

import re
from itertools import pairwise

DIGITS_MIN, DIGITS_MAX = 4, 12
_FORM = re.compile(rf"[0-9]{{{DIGITS_MIN},{DIGITS_MAX}}}")
_COLUMNS = frozenset(("2580", "0852", "1470", "0741", "3690", "0963"))
"""Columns of the keypad."""
_HASH = re.compile(r"scrypt\$[0-9]{1,9}\$[0-9]{1,3}\$[0-9]{1,3}\$[A-Za-z0-9+/=]{16,64}\$[A-Za-z0-9+/=]{32,128}")


def well_formed(pin: str) -> bool:
    """Whether this is 4 to 12 digits."""
    return _FORM.fullmatch(pin) is not None


def wrong_pin(pin: str) -> str:
    """Why a PIN is not taken, and the remedy, without the PIN itself; "" when it is."""
    if not well_formed(pin):
        return f"the PIN is not {DIGITS_MIN} to {DIGITS_MAX} digits"
    if why := weakness(pin):
        return f"the PIN is guessed first ({why}); choose another"
    return ""


def weakness(pin: str) -> str:
    """Why a PIN is guessed first, in words; "" when it is not."""
    if len(set(pin)) == 1:
        return "one digit"
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    if steps in ({1}, {9}):
        return "digits in a row"
    if any(pin == pin[:size] * (len(pin) // size) for size in range(2, len(pin) // 2 + 1)):
        return "a group of digits, repeated"
    return "a column of the keypad" if pin in _COLUMNS else ""


def is_hash(text: str) -> bool:
    """Whether a text has the form of a stored PIN, so that no PIN is ever stored in plain."""
    return _HASH.fullmatch(text) is not None
