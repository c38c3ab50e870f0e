"""A barrier arm and its controller: terminals in, a position on the drive shaft out; pure, time comes as an argument.

The limit switches sit on the shaft, so an arm that is torn off may leave "closed" on. The controller can have habits
of its own: to reverse when its safety loop is occupied, and to close by itself. Everything that starts a motion is
kept with its cause, so that a test can compare what happened with what the journal says.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Terminal = Literal["open", "close", "stop"]
Cause = Literal["open", "close", "fob", "own", "hand", "strike", "released"]

LIMIT = 0.02
"""How near to an end of its travel the limit switch closes."""
STRIKES_BELOW = 0.6
"""A car under the arm line is touched by an arm lower than this."""
MAX_WAIT_MS = 1_000_000_000
MAX_KEPT = 100_000
"""Movements and pulses kept; older ones are forgotten."""


class ArmSpec(msgspec.Struct, frozen=True):
    """How the barrier is built. `auto_close_ms` None: it never closes by itself."""

    travel_ms: int = 1_500
    control: Literal["pulse", "hold"] = "pulse"
    own_safety: bool = True
    auto_close_ms: int | None = None


class Movement(msgspec.Struct, frozen=True):
    """A motion that began at `mono_ns`."""

    mono_ns: int
    direction: Literal["open", "close"]
    cause: Cause
    position: float


class Pulse(msgspec.Struct, frozen=True):
    """A terminal of the controller was closed, whether or not anything moved."""

    mono_ns: int
    terminal: Terminal


class Arm:
    """One arm; `position` is 0 closed and 1 open."""

    def __init__(self, spec: ArmSpec) -> None:
        self.spec = spec
        self.position = 0.0
        self.motor = 0
        self.torn = False
        self.powered = True
        self.obstructed = False
        self.struck_vehicles = 0
        self.movements: list[Movement] = []
        self.pulses: list[Pulse] = []
        self._slow = 1.0
        self._open_since_ns: int | None = None

    @property
    def at_open(self) -> bool:
        """The limit switch for open."""
        return self.position >= 1 - LIMIT

    @property
    def at_closed(self) -> bool:
        """The limit switch for closed."""
        return self.position <= LIMIT

    # ---- what can happen to it -------------------------------------------------------------------------------------

    def terminal(self, name: Terminal, active: bool, safety: bool, now_ns: int) -> None:
        """A contact at the controller closes or opens."""
        if active:
            self.pulses.append(Pulse(now_ns, name))
            del self.pulses[:-MAX_KEPT]
        if not self.powered:
            return
        if not active:
            if name == "open" and self.spec.control == "hold":
                self._start(-1, "released", now_ns)
        elif name == "open":
            self._start(1, "open", now_ns)
        elif name == "stop":
            self.motor = 0
        elif not (safety and self.spec.own_safety):
            self._start(-1, "close", now_ns)

    def fob(self, now_ns: int) -> None:
        """Somebody opens with a remote control of the controller's own."""
        if self.powered:
            self._start(1, "fob", now_ns)

    def crank(self, up: bool, now_ns: int) -> None:
        """Somebody turns the shaft by hand, five times as slow as the motor; mains or not."""
        self._start(1 if up else -1, "hand", now_ns, slow=5.0)

    def mains(self, on: bool) -> None:
        """The controller's power goes or comes; the arm stays where it is."""
        self.powered = on
        self.motor = 0

    def strike(self, shaft_slips: bool, now_ns: int) -> None:
        """A vehicle hits the arm and tears it off; the shaft may be dragged off its limit."""
        self.torn = True
        if shaft_slips and self.at_closed:
            self._note(1, "strike", now_ns)
            self.position = 0.1

    def repair(self) -> None:
        """A new arm is fitted, and the shaft is put to closed."""
        self.torn = False
        self.obstructed = False
        self.position = 0.0
        self.motor = 0

    # ---- time ------------------------------------------------------------------------------------------------------

    def advance(self, now_ns: int, seconds: float, safety: bool, car_below: bool) -> None:
        """Let `seconds` (a few milliseconds) pass up to `now_ns`."""
        self._own_habits(now_ns, safety)
        if self.motor and not self.obstructed:
            self.position += self.motor * seconds * 1000 / (self.spec.travel_ms * self._slow)
        if self.motor < 0 and car_below and not self.torn and self.position < STRIKES_BELOW:
            self.struck_vehicles += 1
            self._start(1, "own", now_ns)
        if not 0 < self.position < 1:
            self.position = min(max(self.position, 0.0), 1.0)
            self.motor = 0

    def _own_habits(self, now_ns: int, safety: bool) -> None:
        if not self.at_open or safety:
            self._open_since_ns = None
        elif self._open_since_ns is None:
            self._open_since_ns = now_ns
        if self.powered and self.motor < 0 and safety and self.spec.own_safety:
            self._start(1, "own", now_ns)
        if self.powered and self._waited_ms(now_ns) >= (self.spec.auto_close_ms or MAX_WAIT_MS):
            self._start(-1, "own", now_ns)

    def _waited_ms(self, now_ns: int) -> int:
        """How long the arm has stood open with nothing below."""
        return 0 if self._open_since_ns is None else (now_ns - self._open_since_ns) // 1_000_000

    def _start(self, motor: int, cause: Cause, now_ns: int, slow: float = 1.0) -> None:
        at_end = self.position >= 1 if motor > 0 else self.position <= 0
        if at_end or self.motor == motor:
            return
        self.motor = motor
        self._slow = slow
        self._note(motor, cause, now_ns)

    def _note(self, motor: int, cause: Cause, now_ns: int) -> None:
        self.movements.append(Movement(now_ns, "open" if motor > 0 else "close", cause, self.position))
        del self.movements[:-MAX_KEPT]
