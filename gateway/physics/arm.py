"""A barrier's arm and its motor: the position of the drive shaft as a function of time.

The limit switches sit on the shaft, so an arm that is torn off may leave "closed" on. Positions are kept in nanoseconds
of travel, so that the moment at which a limit switch changes is exact.
"""

from __future__ import annotations

from typing import Literal

import msgspec

NS_PER_MS = 1_000_000
LONG_AGO_NS = -(10**18)

Cause = Literal["open", "close", "step", "fob", "own", "hand", "strike", "released"]

LIMIT_PERCENT = 2
"""How near to an end of its travel the limit switch closes."""
PASSABLE_PERCENT = 90
"""A driver takes an arm at least this high for open."""
TOUCHES_PERCENT = 60
"""A car under the arm is touched by an arm this low."""
BREAKS_PERCENT = 50
"""A car that drives into an arm lower than this tears it off."""
DRAGGED_PERCENT = 20
"""Where a car leaves a shaft that it drags along."""
MOVEMENTS_KEPT = 100_000


class Movement(msgspec.Struct, frozen=True):
    """A motion that began at `mono_ns`; `position` is where, 0 closed and 1 open."""

    mono_ns: int
    direction: Literal["open", "close"]
    cause: Cause
    position: float


class Arm:
    """One arm. `motor`: 1 up, -1 down, 0 off. `stalls`: an obstacle switches the motor off for good."""

    def __init__(self, travel_ms: int, stalls: bool = False) -> None:
        self.motor = 0
        self.torn = False
        self.obstructed = False
        self.struck_vehicles = 0
        self.left_closed_ns = LONG_AGO_NS
        self.movements: list[Movement] = []
        self._stalls = stalls
        self._travel_ns = travel_ms * NS_PER_MS
        limit, end = self._at(LIMIT_PERCENT), self._travel_ns
        self._closed, self._opened = limit, end - limit
        self._passable, self._touches, self._breaks = (
            self._at(PASSABLE_PERCENT),
            self._at(TOUCHES_PERCENT),
            self._at(BREAKS_PERCENT),
        )
        self._marks_up = (limit + 1, self._passable, end - limit)
        self._marks_down = (end - limit - 1, limit)
        self._marks_down_on_car = (end - limit - 1, self._touches, limit)
        self._shaft = 0
        self._since_ns = 0
        self._slower = 1

    def _at(self, percent: int) -> int:
        return self._travel_ns * percent // 100

    # ---- where it is -----------------------------------------------------------------------------------------------

    def shaft(self, now_ns: int) -> int:
        """The shaft's position in nanoseconds of travel from closed."""
        if not self.motor or self.obstructed:
            return self._shaft
        moved = (now_ns - self._since_ns) // self._slower
        return min(self._travel_ns, self._shaft + moved) if self.motor > 0 else max(0, self._shaft - moved)

    def position(self, now_ns: int) -> float:
        """The shaft's position, 0 closed and 1 open."""
        return self.shaft(now_ns) / self._travel_ns

    def at_open(self, now_ns: int) -> bool:
        """The limit switch for open."""
        return self.shaft(now_ns) >= self._opened

    def at_closed(self, now_ns: int) -> bool:
        """The limit switch for closed."""
        return self.shaft(now_ns) <= self._closed

    def passable(self, now_ns: int) -> bool:
        """True when a car can drive through without touching the arm."""
        return self.torn or self.shaft(now_ns) >= self._passable

    def breaks(self, now_ns: int) -> bool:
        """True when a car that drives on tears the arm off."""
        return not self.torn and self.shaft(now_ns) < self._breaks

    def touches(self, now_ns: int) -> bool:
        """True when the arm comes down and is low enough to touch a car below."""
        return self.motor < 0 and not self.torn and self.shaft(now_ns) <= self._touches

    def next_ns(self, now_ns: int, car_below: bool) -> int | None:
        """When the moving arm next reaches a height that matters; None when none is ahead."""
        if not self.motor or self.obstructed:
            return None
        here = self.shaft(now_ns)
        if self.motor > 0:
            for mark in self._marks_up:
                if mark > here:
                    return self._since_ns + (mark - self._shaft) * self._slower
        else:
            for mark in self._marks_down_on_car if car_below else self._marks_down:
                if mark < here:
                    return self._since_ns + (self._shaft - mark) * self._slower
        return None

    # ---- what moves it ---------------------------------------------------------------------------------------------

    def turn(self, motor: int, cause: Cause, now_ns: int, slower: int = 1) -> None:
        """Start the motor up (1) or down (-1); ignored at that end, or when the arm already moves that way."""
        here = self.shaft(now_ns)
        if here == (self._travel_ns if motor > 0 else 0) or self.motor == motor:
            return
        self._rest(here, now_ns)
        if self.obstructed and self._stalls:
            return
        self.motor = motor
        self._slower = slower
        if motor > 0 and here <= self._closed:
            self.left_closed_ns = now_ns
        self._note(motor, cause, now_ns)

    def stop(self, now_ns: int) -> None:
        """Switch the motor off."""
        self._rest(self.shaft(now_ns), now_ns)

    def settle(self, now_ns: int) -> None:
        """Switch the motor off at the end of its travel."""
        if self.motor and self.shaft(now_ns) == (self._travel_ns if self.motor > 0 else 0):
            self.stop(now_ns)

    def obstruct(self, now_ns: int) -> None:
        """Something blocks the arm where it is."""
        here, motor = self.shaft(now_ns), self.motor
        self._rest(here, now_ns)
        self.obstructed = True
        self.motor = 0 if self._stalls else motor

    def clear(self, now_ns: int) -> None:
        """The obstacle is gone; a motor that pushed against it goes on."""
        self.obstructed = False
        self._since_ns = now_ns

    def tear(self, drags: bool, now_ns: int) -> None:
        """A vehicle tears the arm off; with `drags` it takes the shaft along."""
        self.torn = True
        if drags:
            if self.at_closed(now_ns):
                self._note(1, "strike", now_ns)
            self._rest(self._at(DRAGGED_PERCENT), now_ns)
            self.left_closed_ns = now_ns

    def touch(self, now_ns: int) -> None:
        """The arm touches a vehicle below it and turns back."""
        self.struck_vehicles += 1
        self.turn(1, "own", now_ns)

    def repair(self, now_ns: int) -> None:
        """Fit a new arm and put the shaft to closed."""
        self.torn = self.obstructed = False
        self._rest(0, now_ns)

    def skip(self, gap_ns: int) -> None:
        """Let that much time pass in which nothing moves."""
        self._since_ns += gap_ns

    def _rest(self, shaft: int, now_ns: int) -> None:
        self._shaft, self._since_ns, self.motor = shaft, now_ns, 0

    def _note(self, motor: int, cause: Cause, now_ns: int) -> None:
        self.movements.append(Movement(now_ns, "open" if motor > 0 else "close", cause, self.position(now_ns)))
        del self.movements[:-MOVEMENTS_KEPT]
