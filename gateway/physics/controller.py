"""A barrier's controller: contacts at its terminals in, motor commands out.

Three kinds: `pulse` has OPEN, STOP and CLOSE; `hold` is open while OPEN is held; `step` has one button, whose next
pulse stops or reverses. A controller can have a safety loop of its own, which no fault of the gateway's inputs reaches.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from gateway.physics.arm import NS_PER_MS, Arm

Terminal = Literal["open", "close", "stop"]
CRANK_SLOWER = 5
"""A hand crank turns the shaft so many times as slow as the motor."""
PULSES_KEPT = 100_000


class ArmSpec(msgspec.Struct, frozen=True):
    """How a barrier is built.

    `own_safety`: it does not close on its own loop, and reverses for it. `auto_close_ms`: it closes by itself that long
    after its loop is free; None: never. `stalls`: an obstacle switches its motor off.
    """

    travel_ms: int = 1_500
    control: Literal["pulse", "hold", "step"] = "pulse"
    own_safety: bool = True
    auto_close_ms: int | None = None
    stalls: bool = False


class Pulse(msgspec.Struct, frozen=True):
    """A terminal was closed, whether or not anything moved."""

    mono_ns: int
    terminal: Terminal


class Controller:
    """Turns contacts at the terminals into movements of its arm."""

    def __init__(self, spec: ArmSpec, arm: Arm) -> None:
        self._spec = spec
        self._arm = arm
        self.powered = True
        self.pulses: list[Pulse] = []
        self.next_ns: int | None = None
        """When it closes by itself."""

    def terminal(self, name: Terminal, active: bool, occupied: bool, now_ns: int) -> None:
        """A contact closes or opens; `occupied` is the controller's own loop."""
        if active:
            self.pulses.append(Pulse(now_ns, name))
            del self.pulses[:-PULSES_KEPT]
        if not self.powered:
            return
        if not active:
            if name == "open" and self._spec.control == "hold":
                self._arm.turn(-1, "released", now_ns)
        elif self._spec.control == "step" and name == "open":
            self._step(occupied, now_ns)
        elif name == "open":
            self._arm.turn(1, "open", now_ns)
        elif name == "stop":
            self._arm.stop(now_ns)
        else:
            self._close(occupied, now_ns)

    def _step(self, occupied: bool, now_ns: int) -> None:
        arm = self._arm
        if arm.motor > 0:
            arm.stop(now_ns)
        elif arm.motor < 0 or arm.position(now_ns) <= 0.5:
            arm.turn(1, "step", now_ns)
        else:
            self._close(occupied, now_ns)

    def _close(self, occupied: bool, now_ns: int) -> None:
        if not (occupied and self._spec.own_safety):
            self._arm.turn(-1, "close", now_ns)

    def fob(self, now_ns: int) -> None:
        """Open by the controller's own remote control."""
        if self.powered:
            self._arm.turn(1, "fob", now_ns)

    def crank(self, up: bool, now_ns: int, slower: int = CRANK_SLOWER) -> None:
        """Turn the shaft by hand, with or without mains."""
        self._arm.turn(1 if up else -1, "hand", now_ns, slower)

    def mains(self, on: bool, now_ns: int) -> None:
        """The power goes or comes back; the arm stays where it is."""
        self.powered = on
        self._arm.stop(now_ns)

    def look(self, occupied: bool, now_ns: int) -> None:
        """What it does by itself: reverse for its loop, and close when the loop has been free long enough."""
        if not self.powered:
            self.next_ns = None
            return
        if occupied and self._arm.motor < 0 and self._spec.own_safety:
            self._arm.turn(1, "own", now_ns)
        if self._spec.auto_close_ms is None or occupied or not self._arm.at_open(now_ns):
            self.next_ns = None
        elif self.next_ns is None or now_ns >= self.next_ns:
            if self.next_ns is not None:
                self._arm.turn(-1, "own", now_ns)
            self.next_ns = now_ns + self._spec.auto_close_ms * NS_PER_MS

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing happens."""
        if self.next_ns is not None:
            self.next_ns += gap_ns
