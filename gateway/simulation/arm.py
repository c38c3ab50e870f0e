"""A simulated barrier: the arm on its drive shaft, and the controller between the gateway's terminals and the motor.

The controllers are the usual kinds: `pulse` with OPEN, STOP and CLOSE; `hold`, open for as long as the
contact is held; `step`, one button whose next pulse stops or reverses. Some close by themselves behind a vehicle and
turn back for the next one: they have a loop detector of their own, which the gateway's stuck contacts do not reach.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.simulation.world import NS_PER_MS, World

OWN_CLOSE_MS = 6000


class Arm:
    """A position on the drive shaft from 0 (closed) to 1 (open), and a motor; the arm itself may be torn off."""

    def __init__(self, world: World, travel_ms: int, changed: Callable[[], None]) -> None:
        self._world = world
        self._travel_ms = travel_ms
        self._changed = changed
        self._position = 0.0
        self._since_ns = 0
        self._turn = 0
        self.motor = 0
        self.torn = False
        self.blocked = False
        self.powered = True
        self.left_closed_ns = 0

    @property
    def position(self) -> float:
        """Where the shaft is now."""
        if not self.motor:
            return self._position
        moved = self.motor * (self._world.now_ns - self._since_ns) / (self._travel_ms * NS_PER_MS)
        return min(1.0, max(0.0, self._position + moved))

    @property
    def passable(self) -> bool:
        """Whether a car can drive through without touching."""
        return self.torn or self.position > 0.9

    @property
    def at_open(self) -> bool:
        """What the upper limit switch on the shaft sees."""
        return self.position >= 0.98

    @property
    def at_closed(self) -> bool:
        """What the lower limit switch on the shaft sees."""
        return self.position <= 0.02

    def drive(self, motor: int) -> None:
        """Start the motor up (1) or down (-1), or stop it (0)."""
        if motor and not self.powered:
            return
        self._position = self.position
        if motor > 0 and self.at_closed:
            self.left_closed_ns = self._world.now_ns
        self._since_ns = self._world.now_ns
        self.motor = 0 if self.blocked else motor
        self._turn += 1
        self._changed()
        if self.motor:
            self._plan(self._turn)

    def _plan(self, turn: int) -> None:
        """The two moments that a limit switch can tell of: leaving one end and coming to the other."""
        left = 1 - self._position if self.motor > 0 else self._position
        self._world.after(min(0.03, left) * self._travel_ms + 1, lambda: self._tell(turn))
        self._world.after(left * self._travel_ms + 1, lambda: self._arrive(turn))

    def _tell(self, turn: int) -> None:
        if turn == self._turn:
            self._changed()

    def _arrive(self, turn: int) -> None:
        if turn == self._turn:
            self._position = self.position
            self.motor = 0
            self._changed()

    def drag(self) -> None:
        """A vehicle drags the shaft off its lower end."""
        self._position, self._since_ns, self.motor = 0.2, self._world.now_ns, 0
        self.left_closed_ns = self._world.now_ns
        self._turn += 1

    def repair(self) -> None:
        """A new arm, put down."""
        self.torn = self.blocked = False
        self._position, self._since_ns, self.motor = 0.0, self._world.now_ns, 0
        self._turn += 1
        self._changed()


class Controller:
    """What turns contacts at the terminals into movements."""

    def __init__(self, world: World, arm: Arm, kind: str, closes: bool, occupied: Callable[[], bool]) -> None:
        self._world = world
        self._arm = arm
        self._kind = kind
        self._closes = closes
        self._occupied = occupied
        self._turn = 0
        self._waits = False

    def terminal(self, name: str) -> None:
        """A contact at a terminal has closed: open, close or stop."""
        if self._kind == "step" and name == "open":
            self._step()
        elif name in ("open", "close", "stop"):
            self._arm.drive({"open": 1, "close": -1, "stop": 0}[name])

    def _step(self) -> None:
        arm = self._arm
        if arm.motor:
            arm.drive(0 if arm.motor > 0 else 1)
        else:
            arm.drive(-1 if arm.position > 0.5 else 1)

    def changed(self) -> None:
        """Something at the barrier has changed: a controller that closes by itself looks at its own loop."""
        if not self._closes:
            return
        if self._occupied() or not self._arm.at_open:
            self._turn += 1
            self._waits = False
            if self._occupied() and self._arm.motor < 0:
                self._arm.drive(1)
        elif not self._waits:
            self._waits = True
            self._turn += 1
            turn = self._turn
            self._world.after(OWN_CLOSE_MS, lambda: self._close(turn))

    def _close(self, turn: int) -> None:
        if turn == self._turn:
            self._waits = False
            self._arm.drive(-1)
