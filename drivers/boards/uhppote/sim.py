"""A simulated UHPPOTE controller on its true wire, by UDP or TCP; it can misbehave on request.

It is written from the golden messages and after what uhppote-simulator does, and shares no code with the library that
the gateway speaks by. A card that is not in its list is refused with reason 18; one that is, with reason 5 while the
host decides and was heard in the last 30 s.
"""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from drivers.base import StandIn
from drivers.boards.uhppote import frames
from drivers.sim.datagrams import DatagramServer
from gateway.core.vocabulary.errors import FrameError

SERIAL = 405_419_896
POLL_MS = 20
PATIENT_MS = 3_000
"""Time for an answer that no busy machine takes up."""
HOST_PATIENCE_S = 30.0
CHUNK = 8
"""Records that a full list gives up at once."""
REMOTE_CARD = 3_922_570_474
"""What a controller writes into the record of a remote opening for a card."""


class SimRecord(msgspec.Struct):
    """One record of the list."""

    index: int
    kind: int
    granted: int
    door: int
    direction: int
    card: int
    at: datetime
    reason: int


class SimDoor(msgspec.Struct):
    """A door: `mode` 1 always open, 2 always closed, 3 controlled."""

    mode: int = 3
    delay_s: int = 3
    open: bool = False
    pressed: bool = False
    unlocked_until_s: float = 0.0
    openings: int = 0


class Faults(msgspec.Struct):
    """How the controller misbehaves; `twice`, `short`, `late` and the like hold for each answer while they are set."""

    deaf: bool = False
    """Takes orders and questions, answers nothing."""
    mute: tuple[int, ...] = ()
    """Functions that are carried out and not answered."""
    ignores: tuple[int, ...] = ()
    """Functions that are neither carried out nor answered."""
    twice: bool = False
    short: bool = False
    wrong_serial: int = 0
    wrong_function: int = 0
    late: bool = False
    """Each answer comes with the next question."""
    stuck: bool = False
    """The relay does not follow."""
    refuses: bool = False
    spoil: Callable[[bytes], bytes] | None = None


class SimController:
    """One controller; safe to be changed from any thread."""

    def __init__(self, serial: int = SERIAL, *, size: int = 256) -> None:
        self.serial = serial
        self.faults = Faults()
        self.doors = [SimDoor() for _ in range(4)]
        self.cards: set[int] = set()
        self.host_decides = False
        self.fire = False
        self.locked_by_force = False
        self.clock_ahead_s = 0.0
        self.records: list[SimRecord] = []
        self.asked: list[int] = []
        """The functions that were asked for, in order."""
        self._size = size
        self._heard_s = -HOST_PATIENCE_S
        self._lock = threading.RLock()
        self._owed: list[bytes] = []

    # ---- what people do

    def swipe(self, card: int, door: int = 1, direction: int = 1) -> bool:
        """Hold a card to a reader, by the number that the controller makes of it; True when it opens."""
        with self._lock:
            host = self.host_decides and time.monotonic() - self._heard_s < HOST_PATIENCE_S
            reason = 18 if card not in self.cards else 5 if host else 1
            if reason == 1:
                self._unlock(door)
            self.add(1, reason, door, direction, card, granted=reason == 1)
            return reason == 1

    def press(self, door: int = 1, pressed: bool = True) -> None:
        """The exit button, which opens without asking anybody."""
        with self._lock:
            self.doors[door - 1].pressed = pressed
            if pressed:
                self._unlock(door)
                self.add(2, 20, door, 1, 1, granted=True)

    def move(self, door: int, is_open: bool) -> None:
        """The door itself."""
        with self._lock:
            self.doors[door - 1].open = is_open
            self.add(2, 23 if is_open else 24, door, 1, 8, granted=True)

    def add(
        self, kind: int, reason: int, door: int = 0, direction: int = 0, card: int = 0, granted: bool = False
    ) -> int:
        """A record; returns its index."""
        with self._lock:
            index = self.records[-1].index + 1 if self.records else 1
            self.records.append(SimRecord(index, kind, int(granted), door, direction, card, self.clock, reason))
            if len(self.records) > self._size:
                del self.records[:CHUNK]
            return index

    @property
    def clock(self) -> datetime:
        """What its clock shows."""
        return datetime.now().replace(microsecond=0) + timedelta(seconds=self.clock_ahead_s)

    def unlocked(self, door: int) -> bool:
        """Whether the relay is on."""
        one = self.doors[door - 1]
        if self.faults.stuck:
            return False
        return one.mode == 1 or (one.mode == 3 and one.unlocked_until_s > time.monotonic())

    def _unlock(self, door: int) -> None:
        one = self.doors[door - 1]
        one.openings += 1
        one.unlocked_until_s = time.monotonic() + one.delay_s

    # ---- the wire

    def answer(self, received: bytes) -> list[bytes]:
        """What goes out for a message."""
        try:
            function, serial, content = frames.split(received)
        except FrameError:
            return []
        if serial not in (self.serial, 0) or (serial == 0 and function != frames.GET_CONTROLLER):
            return []
        with self._lock:
            if function in self.faults.ignores:
                return []
            self.asked.append(function)
            self._heard_s = time.monotonic()
            said = self._said(function, content)
            if said is None or self.faults.deaf or function in self.faults.mute:
                return []
            return self._spoiled(function, said)

    def _spoiled(self, function: int, said: bytes) -> list[bytes]:
        faults = self.faults
        whole = frames.message(function + faults.wrong_function, self.serial + faults.wrong_serial, said)
        whole = faults.spoil(whole) if faults.spoil else whole
        answers = [whole[:20] if faults.short else whole] * (2 if faults.twice else 1)
        if faults.late:
            answers, self._owed = self._owed, answers
        return answers

    def _said(self, function: int, content: bytes) -> bytes | None:
        match function:
            case frames.GET_CONTROLLER:
                return bytes.fromhex("c0a80164ffffff00c0a80101001223344556089220181105")
            case frames.STATUS:
                return self._status()
            case frames.GET_RECORD:
                return self._record(int.from_bytes(content[:4], "little"))
            case frames.GET_DOOR:
                one = self.doors[content[0] - 1]
                return bytes((content[0], one.mode, one.delay_s))
            case frames.SET_DOOR:
                one = self.doors[content[0] - 1]
                one.mode, one.delay_s = content[1], content[2]
                return bytes((content[0], one.mode, one.delay_s))
            case frames.OPEN_DOOR:
                if self.faults.refuses:
                    return bytes((0,))
                self._unlock(content[0])
                self.add(2, 44, content[0], 1, REMOTE_CARD, granted=True)
                return bytes((1,))
            case frames.HOST_CONTROL:
                if int.from_bytes(content[:4], "little") == frames.MAGIC:
                    self.host_decides = bool(content[4])
                return bytes((1,))
            case frames.SET_CLOCK:
                shown = datetime.strptime(content[:7].hex(), "%Y%m%d%H%M%S")
                self.clock_ahead_s = (shown - datetime.now().replace(microsecond=0)).total_seconds()
                return content[:7]
            case _:
                return None

    def _record(self, index: int) -> bytes:
        if not self.records:
            return b""
        found = {0: self.records[0], 0xFFFF_FFFF: self.records[-1]}.get(index)
        if found is None and index < self.records[0].index:
            return struct.pack("<LB", index, 0xFF)
        found = found or next((one for one in self.records if one.index == index), None)
        return _packed(found) if found is not None else b""

    def _status(self) -> bytes:
        newest = _packed(self.records[-1]) if self.records else b""
        doors = bytes(one.open for one in self.doors) + bytes(one.pressed for one in self.doors)
        shown = self.clock.strftime("%H%M%S%y%m%d")
        relays = sum(1 << n for n in range(4) if self.unlocked(n + 1))
        inputs = self.locked_by_force | self.fire << 1
        return (
            newest.ljust(20, b"\0") + doors + b"\0" + bytes.fromhex(shown[:6]) + bytes(8)
            + bytes((0, relays, inputs)) + bytes.fromhex(shown[6:])
        )  # fmt: skip


def _packed(one: SimRecord) -> bytes:
    told = struct.pack("<LBBBBL", one.index, one.kind, one.granted, one.door, one.direction, one.card)
    return told + bytes.fromhex(one.at.strftime("%Y%m%d%H%M%S")) + bytes((one.reason,))


class ControllerOnNetwork(DatagramServer):
    """Controllers on one port, for datagrams and for connections; a context manager."""

    def __init__(self, *controllers: SimController, over: str = "udp", port: int = 0) -> None:
        self.controllers = controllers or (SimController(),)
        super().__init__(self._answers, over, port, frames.LENGTH)

    def link(self, timeout_ms: int = PATIENT_MS) -> dict[str, Any]:
        """The `link` of a device here."""
        return {"type": self.over, "host": self.host, "port": self.port, "timeout_ms": timeout_ms}

    def _answers(self, received: bytes) -> list[bytes]:
        return [answer for one in self.controllers for answer in one.answer(received)]


@contextmanager
def _on(over: str) -> Iterator[StandIn]:
    with ControllerOnNetwork(over=over) as far:
        (controller,) = far.controllers

        def present(value: str) -> None:
            controller.swipe(frames.shown_number(value))

        options = {"link": far.link(), "serial": controller.serial, "door": 1, "poll_ms": POLL_MS}
        yield StandIn(options, far.plug, far.unplug, present)


@contextmanager
def on_udp(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A controller that is asked by datagrams."""
    with _on("udp") as found:
        yield found


@contextmanager
def on_tcp(path: Path) -> Iterator[StandIn]:  # noqa: ARG001
    """A controller that takes connections."""
    with _on("tcp") as found:
        yield found
