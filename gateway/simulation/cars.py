"""Cars: each a small script over the loops of its lane, waiting for the arm where a driver would."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple

from gateway.simulation.gate import Gate
from gateway.simulation.side import Side
from gateway.simulation.world import World

PATIENCE_MS = 25_000


class Proofs(NamedTuple):
    """What a car has to show: a card, and the plate that a camera sees, if it does, so long after (before) the card."""

    card: str
    plate: str = ""
    plate_ms: int = 0


Read = Callable[[Side, Proofs, random.Random], None]


class Crossing:
    """A car that has gone over the safety loop, as it truly was."""

    __slots__ = (
        "arm_was_passable",
        "at_ns",
        "began_ns",
        "forward",
        "gap_before_ms",
        "kind",
        "read",
        "side",
    )

    def __init__(self, side: Side, kind: str, began_ns: int, read: Proofs | None) -> None:
        self.side = side
        self.kind = kind
        self.began_ns = began_ns
        self.at_ns = 0
        self.forward = False
        self.arm_was_passable = False
        self.gap_before_ms = 10**9
        self.read = read


class Road:
    """A lane's queue of cars: one at the line at a time, the next behind it."""

    def __init__(
        self,
        world: World,
        side: Side,
        read: Read,
        crossed: Callable[[Crossing], None],
        torn: Callable[[Gate], None],
    ) -> None:
        self._world = world
        self.side = side
        self.gate = side.gate
        self._read = read
        self._crossed = crossed
        self._torn = torn
        self._queue: list[tuple[str, Proofs, random.Random]] = []
        self._busy = False

    def arrives(self, behaviour: str, proofs: Proofs, chance: random.Random) -> None:
        """A car turns into the lane; a queue of more than five goes elsewhere."""
        if len(self._queue) < 5:
            self._queue.append((behaviour, proofs, chance))
            self._next()

    def _next(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        behaviour, proofs, chance = self._queue.pop(0)
        self._world.after(chance.randint(300, 2000), lambda: self._at_line(behaviour, proofs, chance))

    def _done(self, gap_ms: int) -> None:
        self._busy = False
        self._world.after(gap_ms, self._next)

    def _at_line(self, behaviour: str, proofs: Proofs, chance: random.Random) -> None:
        """The car stands on the approach loop and shows its card."""
        if behaviour != "e_bike":
            self.gate.occupy(self.side.near, 1)
        if behaviour == "ram":
            self._world.after(200, lambda: self.ram(chance))
            return
        if behaviour != "tailgate" or not self.gate.arm.passable:
            self._world.after(chance.randint(200, 1500), lambda: self._read(self.side, proofs, chance))
        self._wait(behaviour, proofs, chance)

    def _free(self) -> bool:
        """Whether the arm is up and nobody from the other side is under it."""
        return self.gate.arm.passable and not self.gate.on["safety_loop"]

    def _wait(self, behaviour: str, proofs: Proofs, chance: random.Random) -> None:
        """Wait until the arm is up, or patience ends; some come back to the reader once."""
        state = {"over": False}
        stop: Callable[[], None]

        def look() -> None:
            if not state["over"] and self._free():
                state["over"] = True
                stop()
                self._world.after(chance.randint(300, 1500), lambda: self._go(behaviour, proofs, chance))

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
            self.gate.occupy(self.side.near, -1)
        self._done(chance.randint(500, 3000))

    def _go(self, behaviour: str, proofs: Proofs, chance: random.Random) -> None:
        if behaviour == "back_off":
            self._leave(behaviour, chance)
            return
        if not self._free():
            self._wait(behaviour, proofs, chance)  # it has come down again, or somebody comes; look once more
            return
        if behaviour == "e_bike":
            self._done(500)
            return
        crossing = self._onto(behaviour, proofs)
        if behaviour == "halfway":
            self._world.after(chance.randint(800, 2500), lambda: self._back(crossing, chance))
            return
        under_ms = chance.randint(900, 2500)
        stays_ms = chance.randint(20_000, 90_000) if behaviour == "chat" else chance.randint(300, 900)
        self._world.after(under_ms, lambda: self.gate.occupy(self.side.near, -1))
        if self.side.shares:
            self._over_far_loop(under_ms + stays_ms // 2, under_ms + stays_ms + chance.randint(200, 1500))
        self._world.after(under_ms + stays_ms, lambda: self._off(crossing, forward=True))
        self._world.after(under_ms + stays_ms, lambda: self._done(chance.randint(200, 4000)))

    def _over_far_loop(self, on_ms: int, off_ms: int) -> None:
        """Away over the loop in front of the other lane, if it has not somebody waiting on it who is passed by."""
        if not self.gate.on[self.side.far]:
            self._world.after(on_ms, lambda: self.gate.occupy(self.side.far, 1))
            self._world.after(off_ms, lambda: self.gate.occupy(self.side.far, -1))

    def _onto(self, behaviour: str, proofs: Proofs | None) -> Crossing:
        crossing = Crossing(self.side, behaviour, self._world.now_ns, proofs)
        crossing.arm_was_passable = self.gate.arm.passable
        crossing.gap_before_ms = (self._world.now_ns - self.gate.last_off_ns) // 1_000_000
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
        self.gate.last_off_ns = self._world.now_ns
        self._crossed(crossing)

    def strike(self, chance: random.Random) -> None:
        """Somebody drives at the closed arm, if nobody else is in the lane."""
        if not self._busy and not self.gate.on["safety_loop"] and self.gate.arm.position < 0.5:
            self._busy = True
            self.gate.occupy(self.side.near, 1)
            self._world.after(200, lambda: self.ram(chance))

    def ram(self, chance: random.Random) -> None:
        """Through the closed arm: it is torn off."""
        self.gate.rammed_ns = self._world.now_ns
        crossing = self._onto("ram", None)
        if self.gate.arm.position < 0.5 and not self.gate.arm.torn:
            self.struck(chance)
        self._world.after(1500, lambda: self.gate.occupy(self.side.near, -1))
        self._world.after(3000, lambda: self._off(crossing, forward=True))
        self._world.after(3000, lambda: self._done(2000))

    def struck(self, chance: random.Random) -> None:
        """The arm is torn off, and perhaps the shaft dragged along."""
        self.gate.arm.torn = True
        self._torn(self.gate)
        if chance.random() < 0.5:
            self.gate.arm.drag()
        self.gate.touch()
