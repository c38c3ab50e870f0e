"""Asks for a PIN: twice at a terminal, else from stdin; never on the command line, which other users can read."""

from __future__ import annotations

import sys

from gateway.core.people.pins import wrong_pin
from gateway.core.vocabulary.errors import GatehouseError


class PinError(GatehouseError):
    """A PIN that is not taken."""

    code = "pin_invalid"


def asked_pin(name: str) -> str:
    """A good PIN for a person; PinError says what is wrong, and never repeats the PIN."""
    pin = _typed(name) if sys.stdin is not None and sys.stdin.isatty() else _piped()
    if wrong := wrong_pin(pin):
        raise PinError(wrong)
    return pin


def _typed(name: str) -> str:
    import getpass

    pin = getpass.getpass(f"new PIN for {name} (4 to 12 digits, not shown): ")
    if wrong := wrong_pin(pin):
        raise PinError(wrong)
    if getpass.getpass("the same again: ") != pin:
        raise PinError("the two PINs differ; nothing was changed")
    return pin


def _piped() -> str:
    """The first line of stdin; a second one must be equal."""
    if sys.stdin is None:
        raise PinError("there is no PIN on stdin")
    first, second = sys.stdin.readline(200).rstrip("\r\n"), sys.stdin.readline(200).rstrip("\r\n")
    if not first:
        raise PinError("there is no PIN on stdin; write it there on one line, or run this at a terminal")
    if second and second != first:
        raise PinError("the two lines on stdin differ; nothing was changed")
    return first
