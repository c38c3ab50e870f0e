"""What a controller is asked and what it answers, made and read by the library uhppoted.

A message has 64 bytes and no number of its own: an answer belongs to a question by its function and by the serial
number of the controller.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec
from uhppoted import codec, decode, encode

from gateway.core.vocabulary.errors import FrameError

LENGTH = 64
OVERWRITTEN = 0xFF
"""Kind of a record that the controller has given up for newer ones."""
OLDEST = 0
"""Index by which the oldest record is asked for."""


class Record(msgspec.Struct, frozen=True):
    """One record of the controller's own list: `kind`, `reason` and `card` as it numbers them; `at` by its clock."""

    index: int
    kind: int
    reason: int
    door: int
    direction: int
    card: int
    granted: bool
    at: datetime | None


class Status(msgspec.Struct, frozen=True):
    """The controller at one moment, door 1 first; `last`: index of its newest record, which is `record`."""

    open: tuple[bool, ...]
    pressed: tuple[bool, ...]
    unlocked: tuple[bool, ...]
    locked_by_force: bool
    fire: bool
    error: int
    clock: datetime | None
    last: int
    record: Record | None


class DoorControl(msgspec.Struct, frozen=True):
    """How a door is set up: `mode` 1 always open, 2 always closed, 3 controlled; `delay_s`: how long it is unlocked."""

    door: int
    mode: int
    delay_s: int


class Controller(msgspec.Struct, frozen=True):
    """Who answers a call to everybody."""

    serial: int
    address: str
    version: str


ALWAYS_OPEN, CONTROLLED = 1, 3


def serial_of(message: bytes) -> int:
    """The controller that a message is of, or for."""
    return int.from_bytes(message[4:8], "little")


def answers(request: bytes, message: bytes) -> bool:
    """Whether a message has the form of an answer to that request; of another controller too."""
    return len(message) == LENGTH and message[0] == codec.SOM and message[1] == request[1]


# ---- questions


def ask_everybody() -> bytes:
    """Who is there; every controller that hears it answers."""
    return bytes(encode.get_controller_request(0))


def ask_status(serial: int) -> bytes:
    """The state of doors and contacts, and the newest record."""
    return bytes(encode.get_status_request(serial))


def ask_record(serial: int, index: int) -> bytes:
    """One record."""
    return bytes(encode.get_event_request(serial, index))


def ask_door(serial: int, door: int) -> bytes:
    """How a door is set up."""
    return bytes(encode.get_door_control_request(serial, door))


def set_door(serial: int, wanted: DoorControl) -> bytes:
    """Set a door up."""
    return bytes(encode.set_door_control_request(serial, wanted.door, wanted.mode, wanted.delay_s))


def open_door(serial: int, door: int) -> bytes:
    """Unlock a door for its delay."""
    return bytes(encode.open_door_request(serial, door))


def set_host_control(serial: int, on: bool) -> bytes:
    """On: cards are decided on by the gateway, while it is heard at least every 30 s."""
    return bytes(encode.set_pc_control_request(serial, on))


def set_clock(serial: int, local: datetime) -> bytes:
    """Set the clock."""
    return bytes(encode.set_time_request(serial, local))


# ---- answers


def status(message: bytes) -> Status:
    """The answer to `ask_status`; FrameError."""
    found = _read(decode.get_status_response, message)
    record = None
    if found.event_index:
        record = Record(
            found.event_index,
            found.event_type,
            found.event_reason,
            found.event_door,
            found.event_direction,
            found.event_card,
            found.event_access_granted,
            found.event_timestamp,
        )
    known = found.system_date is not None and found.system_time is not None
    return Status(
        (found.door_1_open, found.door_2_open, found.door_3_open, found.door_4_open),
        (found.door_1_button, found.door_2_button, found.door_3_button, found.door_4_button),
        tuple(bool(found.relays >> n & 1) for n in range(4)),
        bool(found.inputs & 1),
        bool(found.inputs & 2),
        found.system_error,
        datetime.combine(found.system_date, found.system_time) if known else None,
        found.event_index,
        record,
    )


def record(message: bytes) -> Record:
    """The answer to `ask_record`; FrameError."""
    found = _read(decode.get_event_response, message)
    return Record(
        found.index,
        found.event_type,
        found.reason,
        found.door,
        found.direction,
        found.card,
        found.access_granted,
        found.timestamp,
    )


def door_is(message: bytes) -> DoorControl:
    """The answer to `ask_door`; FrameError."""
    found = _read(decode.get_door_control_response, message)
    return DoorControl(found.door, found.mode, found.delay)


def door_set(message: bytes) -> DoorControl:
    """The answer to `set_door`: what the door is set to now; FrameError."""
    found = _read(decode.set_door_control_response, message)
    return DoorControl(found.door, found.mode, found.delay)


def opened(message: bytes) -> bool:
    """The answer to `open_door`: whether it was taken; FrameError."""
    return bool(_read(decode.open_door_response, message).opened)


def host_controls(message: bytes) -> bool:
    """The answer to `set_host_control`: whether it was taken; FrameError."""
    return bool(_read(decode.set_pc_control_response, message).ok)


def clock_is(message: bytes) -> datetime | None:
    """The answer to `set_clock`: the time that it has now; FrameError."""
    found: datetime | None = _read(decode.set_time_response, message).datetime
    return found


def controller(message: bytes) -> Controller:
    """The answer to `ask_everybody`; FrameError."""
    found = _read(decode.get_controller_response, message)
    return Controller(found.controller, str(found.ip_address), found.version)


def _read(reader: Callable[[bytes], Any], message: bytes) -> Any:
    try:
        return reader(message)
    except Exception as error:  # a library's own, on whatever bytes
        raise FrameError(f"is no such answer of a UHPPOTE controller ({error})") from error
