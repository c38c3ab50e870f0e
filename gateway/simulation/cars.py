"""Cars: each a small script over the loops of its lane, waiting for the arm where a driver would."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gateway.simulation.gate import Gate
from gateway.simulation.side import Side
from gateway.simulation.world import World

PATIENCE_MS = 25_000


class Proofs(NamedTuple):
    """What a car has to show: a card or a QR code, and the plate that a camera sees, so long after (before) the card.

    `plate` is what the camera makes of it; `telling` is how a camera that only adds to the card tells it.
    """

    card: str
    plate: str = ""
    plate_ms: int = 0
    code: str = ""
    telling: str = ""


class Told(NamedTuple):
    """What the gateway was told of a car at its lane: when, and when it was seen by what it was told (ns)."""

    at_ns: int
    seen_ns: int
    kind: str
    value: str


class Car:
    """One car on its way past one lane, as it truly is; `identity` is the pass, code or number that it is known by."""

    __slots__ = (
        "alone", "behaviour", "chance", "code", "grants", "handed", "identity", "pass_id", "proofs", "refused",
        "released_by", "stood_ns", "told", "under", "values",
    )  # fmt: skip

    def __init__(
        self, behaviour: str, proofs: Proofs, chance: random.Random, identity: str = "", pass_id: str | None = None
    ) -> None:
        self.behaviour = behaviour
        self.proofs = proofs
        self.chance = chance
        self.identity = identity
        self.pass_id = pass_id
        self.code = ""  # the name of its QR code
        self.alone = True  # no other car that is known by the same went anywhere meanwhile
        self.stood_ns: int | None = None  # since when it stands on the loop in front of the arm
        self.under = False
        self.values: set[str] = set()
        self.handed: set[str] = set()  # what others showed that may be taken for its own
        self.told: list[Told] = []
        self.grants: list[str] = []
        self.refused = False
        self.released_by: str | None = None  # the grant by which a person let it pass


class Shows(Protocol):
    """What becomes of what a car shows."""

    def comes(self, side: Side, car: Car) -> None:
        """It rolls up to the line."""

    def read(self, side: Side, car: Car) -> None:
        """It stands at the line and shows what it has."""

    def gone(self, side: Side, car: Car) -> None:
        """It has left the lane, one way or the other."""


class Crossing:
    """A car that has gone over the safety loop, as it truly was."""

    __slots__ = (
        "arm_was_passable",
        "at_ns",
        "began_ns",
        "car",
        "forward",
        "gap_before_ms",
        "side",
    )

    def __init__(self, side: Side, car: Car, began_ns: int) -> None:
        self.side = side
        self.car = car
        self.began_ns = began_ns
        self.at_ns = 0
        self.forward = False
        self.arm_was_passable = False
        self.gap_before_ms = 10**9


class Road:
    """A lane's queue of cars: one at the line at a time, the next behind it."""

    def __init__(
        self,
        world: World,
        side: Side,
        shows: Shows,
        crossed: Callable[[Crossing], None],
        torn: Callable[[Gate], None],
    ) -> None:
        self._world = world
        self.side = side
        self.gate = side.gate
        self._shows = shows
        self._crossed = crossed
        self._torn = torn
        self._queue: list[Car] = []
        self._busy = False
        self.front: Car | None = None
        self.unseen_ns = -(10**18)  # when one that no loop sees was here last

    def arrives(self, car: Car) -> bool:
        """A car turns into the lane; a queue of more than five goes elsewhere."""
        if len(self._queue) >= 5:
            return False
        self._queue.append(car)
        self._next()
        return True

    def _next(self) -> None:
        if self._busy or not self._queue:
            return
        self._busy = True
        car = self._queue.pop(0)
        self._shows.comes(self.side, car)
        self._world.after(car.chance.randint(300, 2000), lambda: self._at_line(car))

    def _done(self, car: Car, gap_ms: int) -> None:
        self._busy = False
        self._shows.gone(self.side, car)
        self._world.after(gap_ms, self._next)

    def _stands(self, car: Car) -> None:
        """It is at the line; loops miss e-bikes."""
        self.front = car
        if car.behaviour != "e_bike":
            car.stood_ns = self._world.now_ns
            self.gate.occupy(self.side.near, 1)

    def _off_line(self, car: Car) -> None:
        """It has left the loop in front of the arm."""
        self.front = None if self.front is car else self.front
        if car.behaviour == "e_bike":
            self.unseen_ns = self._world.now_ns
        if car.stood_ns is not None:
            car.stood_ns = None
            self.gate.occupy(self.side.near, -1)

    def _at_line(self, car: Car) -> None:
        """The car stands on the approach loop and shows its card."""
        self._stands(car)
        if car.behaviour == "ram":
            self._world.after(200, lambda: self.ram(car))
            return
        if car.behaviour != "tailgate" or not self.gate.arm.passable:
            self._world.after(car.chance.randint(200, 1500), lambda: self._shows.read(self.side, car))
        self._wait(car)

    def _free(self) -> bool:
        """Whether the arm is up and nobody from the other side is under it."""
        return self.gate.arm.passable and not self.gate.on["safety_loop"]

    def _wait(self, car: Car) -> None:
        """Wait until the arm is up, or patience ends; some come back to the reader once."""
        state = {"over": False}
        stop: Callable[[], None]

        def look() -> None:
            if not state["over"] and self._free():
                state["over"] = True
                stop()
                self._world.after(car.chance.randint(300, 1500), lambda: self._go(car))

        def give_up() -> None:
            if not state["over"]:
                state["over"] = True
                stop()
                self._leave(car)

        stop = self.gate.watch(look)
        self._world.after(PATIENCE_MS, give_up)
        look()

    def _leave(self, car: Car) -> None:
        self._off_line(car)
        self._done(car, car.chance.randint(500, 3000))

    def _go(self, car: Car) -> None:
        chance = car.chance
        if car.behaviour == "back_off":
            self._leave(car)
            return
        if not self._free():
            self._wait(car)  # it has come down again, or somebody comes; look once more
            return
        if car.behaviour == "e_bike":
            self._off_line(car)
            self._done(car, 500)
            return
        crossing = self._onto(car)
        if car.behaviour == "halfway":
            self._world.after(chance.randint(800, 2500), lambda: self._back(crossing))
            return
        under_ms = chance.randint(900, 2500)
        stays_ms = chance.randint(20_000, 90_000) if car.behaviour == "chat" else chance.randint(300, 900)
        self._world.after(under_ms, lambda: self._off_line(car))
        if self.side.shares:
            self._over_far_loop(under_ms + stays_ms // 2, under_ms + stays_ms + chance.randint(200, 1500))
        self._world.after(under_ms + stays_ms, lambda: self._off(crossing, forward=True))
        self._world.after(under_ms + stays_ms, lambda: self._done(car, chance.randint(200, 4000)))

    def _over_far_loop(self, on_ms: int, off_ms: int) -> None:
        """Away over the loop in front of the other lane, if it has not somebody waiting on it who is passed by."""
        if not self.gate.on[self.side.far]:
            self._world.after(on_ms, lambda: self.gate.occupy(self.side.far, 1))
            self._world.after(off_ms, lambda: self.gate.occupy(self.side.far, -1))

    def _onto(self, car: Car) -> Crossing:
        crossing = Crossing(self.side, car, self._world.now_ns)
        crossing.arm_was_passable = self.gate.arm.passable
        crossing.gap_before_ms = (self._world.now_ns - self.gate.last_off_ns) // 1_000_000
        car.under = True
        self.gate.occupy("safety_loop", 1)
        return crossing

    def _back(self, crossing: Crossing) -> None:
        """Off the safety loop backwards, and a while later off the approach loop."""
        self._off(crossing, forward=False)
        self._world.after(crossing.car.chance.randint(1500, 4000), lambda: self._leave(crossing.car))

    def _off(self, crossing: Crossing, forward: bool) -> None:
        self.gate.occupy("safety_loop", -1)
        crossing.at_ns = self._world.now_ns
        crossing.forward = forward
        crossing.car.under = forward
        self.gate.last_off_ns = self._world.now_ns
        self._crossed(crossing)

    def strike(self, chance: random.Random) -> None:
        """Somebody drives at the closed arm, if nobody else is in the lane."""
        if not self._busy and not self.gate.on["safety_loop"] and self.gate.arm.position < 0.5:
            self._busy = True
            car = Car("ram", Proofs(""), chance)
            self._stands(car)
            self._world.after(200, lambda: self.ram(car))

    def ram(self, car: Car) -> None:
        """Through the closed arm: it is torn off."""
        self.gate.rammed_ns = self._world.now_ns
        crossing = self._onto(car)
        if self.gate.arm.position < 0.5 and not self.gate.arm.torn:
            self.struck(car.chance)
        self._world.after(1500, lambda: self._off_line(car))
        self._world.after(3000, lambda: self._off(crossing, forward=True))
        self._world.after(3000, lambda: self._done(car, 2000))

    def struck(self, chance: random.Random) -> None:
        """The arm is torn off, and perhaps the shaft dragged along."""
        self.gate.arm.torn = True
        self._torn(self.gate)
        if chance.random() < 0.5:
            self.gate.arm.drag()
        self.gate.touch()
