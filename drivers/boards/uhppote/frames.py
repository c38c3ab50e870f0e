"""What the records of UHPPOTE controllers mean, and their messages as the trace and the simulated controller need them.

A message has 64 bytes: 0x17, the function, two zeros, the serial number of the controller (little endian, like all
numbers), the rest by function; dates and times are in BCD. What the gateway itself sends and reads is made by the
library uhppoted (`drivers/links/uhppote/`). Sources: uhppoted-lib-python 0.9.1 (`codec.py`, `decode.py`), uhppote-core
0.9 (`messages/*.go`, with the table of reasons), uhppote-simulator 0.9.
"""

from __future__ import annotations

import struct
from typing import Literal

import msgspec

from gateway.core.vocabulary.errors import FrameError

LENGTH = 64
START = 0x17
STATUS, SET_CLOCK, OPEN_DOOR = 0x20, 0x30, 0x40
SET_DOOR, GET_DOOR = 0x80, 0x82
GET_CONTROLLER, HOST_CONTROL, GET_RECORD = 0x94, 0xA0, 0xB0
MAGIC = 0x55AAAA55
"""Without this word a controller takes no switch of its host control."""
CLOCK_BYTES = (*range(37, 40), *range(51, 54))
"""Where a status has the time, which makes no two of them equal."""

WHAT = {
    1: "card_let_in",
    5: "card_refused", 6: "card_refused", 7: "card_refused", 8: "card_refused", 9: "card_refused", 10: "card_refused",
    11: "card_refused", 12: "card_refused", 13: "card_refused", 15: "card_refused", 18: "card_refused",
    20: "button",
    23: "door_opened",
    24: "door_closed",
    25: "passcode",
    28: "power_on",
    29: "reset",
    30: "button_refused", 31: "button_refused", 32: "button_refused", 33: "button_refused",
    34: "threat",
    37: "left_open",
    38: "forced_open",
    39: "fire",
    40: "forced_closed",
    41: "intrusion", 42: "intrusion",
    43: "emergency_call",
    44: "remote_open", 45: "remote_open",
}  # fmt: skip
"""Reason of a record -> what happened (uhppote-core, messages/get_status.go)."""
OTHER = "other"
CARD_SWIPES = ("card_let_in", "card_refused")
LEFT_TO_US = (1, 5, 6, 18)
"""Reasons of a swipe that the gateway decides on: let in by the controller's own list; left to the host; in the list
but not for this door; not in the list. The other refusals are rules of the controller's own, such as a wrong PIN."""

Format = Literal["26", "raw"]


class CardNumber(msgspec.Struct, frozen=True):
    """A card's number as the registry has it, and its bits; 0: not known."""

    value: str
    bits: int = 0


def what(reason: int) -> str:
    """What a record is about."""
    return WHAT.get(reason, OTHER)


def card_number(number: int, form: Format) -> CardNumber:
    """The number of a card; `26`: the controller writes facility x 100000 + number, the registry facility x 65536."""
    facility, low = divmod(number, 100_000)
    if form == "raw" or facility > 0xFF or low > 0xFFFF:
        return CardNumber(str(number), 0)
    return CardNumber(str(facility << 16 | low), 24)


def shown_number(value: str) -> int:
    """The other way: what a controller says of a 26-bit card with that number; FrameError."""
    if not value.isdecimal() or int(value) >= 1 << 24:
        raise FrameError(f"is {value!r}, which is no number of a 26-bit card; use one below {1 << 24}")
    facility, low = divmod(int(value), 1 << 16)
    return facility * 100_000 + low


# ---- messages


def message(function: int, serial: int, content: bytes = b"") -> bytes:
    """A message whose content begins at byte 8."""
    return (struct.pack("<BBHL", START, function, 0, serial) + content).ljust(LENGTH, b"\0")


def split(received: bytes) -> tuple[int, int, bytes]:
    """Function, serial number and content from byte 8 on; FrameError."""
    if len(received) != LENGTH or received[0] != START:
        raise FrameError("no message of a UHPPOTE controller")
    function, serial = struct.unpack_from("<xBxxL", received)
    return function, serial, received[8:]


def find_controller(received: bytes) -> bytes:
    """The first answer in which a controller says who it is; empty without one."""
    for start in range(0, len(received) - LENGTH + 1, LENGTH):
        try:
            function, serial, _ = split(received[start : start + LENGTH])
        except FrameError:
            return b""
        if function == GET_CONTROLLER and serial:
            return received[start : start + LENGTH]
    return b""
