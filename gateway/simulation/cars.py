"""Cars: each a small script over the loops of its lane, waiting for the arm where a driver would."""

from __future__ import annotations

import random
from collections.abc import Callable

from gateway.simulation.gate import Gate
from gateway.simulation.world import World

PATIENCE_MS = 25_000
Read = Callable[[Gate, str, random.Random], None]


class Crossing:
    """A car that has gone over the safety loop, as it truly was."""

    __slots__ = ("arm_was_passable", "at_ns", "began_ns", "forward", "gap_before_ms", "kind", "over_approach", "read")

    def __init__(self, kind: str, began_ns: int, read: str | None) -> None:
        self.kind = kind
        self.began_ns = began_ns
        self.at_ns = 0
        self.forward = False
        self.over_approach = False
        self.arm_was_passable = False
        self.gap_before_ms = 10**9
        self.read = read


class Road:
    """A lane's queue of cars: one at the line at a time, the next behind it."""

    def __init__(
        self,
        world: World,
        gate: Gate,
        read: Read,
        crossed: Callable[[Gate, Crossing], None],
        torn: Callable[[Gate], None],
    ) -> None:
        self._world = world
        self.gate = gate
        self._read = read
        self._crossed = crossed
        self._torn = torn
        self._queue: list[tuple[str, str, random.Random]] = []
        self._busy = False
        self._last_off_ns = -(10**18)

    def arrives(self, behaviour: str, card: str, chance: random.Random) -> None:
        """A car turns into the lane; a queue of more than five goes elsewhere."""
        if len(self._queue) < 5:
            self._queue.append((behaviour, card, chance))
            self._next()

    def _next(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        behaviour, card, chance = self._queue.pop(0)
        self._world.after(chance.randint(300, 2000), lambda: self._at_line(behaviour, card, chance))

    def _done(self, gap_ms: int) -> None:
        self._busy = False
        self._world.after(gap_ms, self._next)

    def _at_line(self, behaviour: str, card: str, chance: random.Random) -> None:
        """The car stands on the approach loop and shows its card."""
        if behaviour != "e_bike":
            self.gate.occupy("approach_loop", 1)
        if behaviour == "ram":
            self._world.after(200, lambda: self.ram(chance))
            return
        if behaviour != "tailgate" or not self.gate.arm.passable:
            self._world.after(chance.randint(200, 1500), lambda: self._read(self.gate, card, chance))
        self._wait(behaviour, card, chance)

    def _wait(self, behaviour: str, card: str, chance: random.Random) -> None:
        """Wait until the arm is up, or patience ends; some come back to the reader once."""
        state = {"over": False}
        stop: Callable[[], None]

        def look() -> None:
            if not state["over"] and self.gate.arm.passable:
                state["over"] = True
                stop()
                self._world.after(chance.randint(300, 1500), lambda: self._go(behaviour, card, chance))

        def give_up() -> None:
            if not state["over"]:
                state["over"] = True
                stop()
                self._leave(behaviour, chance)

        stop = self.gate.watch(look)
        self._world.after(PATIENCE_MS, give_up)
        look()

    def _leave(self, behaviour: str, chance: random.Random) -> None:
        if behaviour != "e_bike":
            self.gate.occupy("approach_loop", -1)
        self._done(chance.randint(500, 3000))

    def _go(self, behaviour: str, card: str, chance: random.Random) -> None:
        if behaviour == "back_off":
            self._leave(behaviour, chance)
            return
        if not self.gate.arm.passable:
            self._wait(behaviour, card, chance)  # it has come down again; look once more
            return
        if behaviour == "e_bike":
            self._done(500)
            return
        crossing = self._onto(behaviour, card)
        if behaviour == "halfway":
            self._world.after(chance.randint(800, 2500), lambda: self._back(crossing, chance))
            return
        under_ms = chance.randint(900, 2500)
        stays_ms = chance.randint(20_000, 90_000) if behaviour == "chat" else chance.randint(300, 900)
        self._world.after(under_ms, lambda: self.gate.occupy("approach_loop", -1))
        self._world.after(under_ms + stays_ms, lambda: self._off(crossing, forward=True))
        self._world.after(under_ms + stays_ms, lambda: self._done(chance.randint(200, 4000)))

    def _onto(self, behaviour: str, card: str | None) -> Crossing:
        crossing = Crossing(behaviour, self._world.now_ns, card)
        crossing.over_approach = True
        crossing.arm_was_passable = self.gate.arm.passable
        crossing.gap_before_ms = (self._world.now_ns - self._last_off_ns) // 1_000_000
        self.gate.occupy("safety_loop", 1)
        return crossing

    def _back(self, crossing: Crossing, chance: random.Random) -> None:
        """Off the safety loop backwards, and a while later off the approach loop."""
        self._off(crossing, forward=False)
        self._world.after(chance.randint(1500, 4000), lambda: self._leave("halfway", chance))

    def _off(self, crossing: Crossing, forward: bool) -> None:
        self.gate.occupy("safety_loop", -1)
        crossing.at_ns = self._world.now_ns
        crossing.forward = forward
        self._last_off_ns = self._world.now_ns
        self._crossed(self.gate, crossing)

    def strike(self, chance: random.Random) -> None:
        """Somebody drives at the closed arm, if nobody else is in the lane."""
        if not self._busy and not self.gate.on["safety_loop"] and self.gate.arm.position < 0.5:
            self._busy = True
            self.gate.occupy("approach_loop", 1)
            self._world.after(200, lambda: self.ram(chance))

    def ram(self, chance: random.Random) -> None:
        """Through the closed arm: it is torn off."""
        self.gate.rammed_ns = self._world.now_ns
        crossing = self._onto("ram", None)
        if self.gate.arm.position < 0.5 and not self.gate.arm.torn:
            self.struck(chance)
        self._world.after(1500, lambda: self.gate.occupy("approach_loop", -1))
        self._world.after(3000, lambda: self._off(crossing, forward=True))
        self._world.after(3000, lambda: self._done(2000))

    def struck(self, chance: random.Random) -> None:
        """The arm is torn off, and perhaps the shaft dragged along."""
        self.gate.arm.torn = True
        self._torn(self.gate)
        if chance.random() < 0.5:
            self.gate.arm.drag()
        self.gate.touch()
